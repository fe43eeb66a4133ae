/* console/docs/swagger/start.js - shows the API's description, or says why it cannot. */
'use strict';
(() => {
    const page = document.getElementById('page');

    /* The packages were not there when the server was installed: missing.txt says why. */
    const tell = async () => {
        const answer = await fetch('missing.txt');
        const text = document.createElement('pre');
        text.textContent = answer.ok ? await answer.text() : 'The files of Swagger UI are missing.';
        page.replaceChildren(text);
    };

    if (typeof SwaggerUIBundle === 'undefined') {
        tell();
        return;
    }
    SwaggerUIBundle({
        url: 'openapi.json',
        domNode: page,
        presets: [SwaggerUIBundle.presets.apis],
        deepLinking: true,
        docExpansion: 'none',
        defaultModelsExpandDepth: 0,
        displayRequestDuration: true,
        filter: true,
        validatorUrl: null, /* it would ask another host */
    });
})();
