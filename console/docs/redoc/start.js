/* console/docs/redoc/start.js - shows the API's description, or says why it cannot. */
'use strict';
(() => {
    const page = document.getElementById('page');

    /* The packages were not there when the server was installed: missing.txt says why. */
    const tell = async () => {
        const answer = await fetch('missing.txt');
        const text = document.createElement('pre');
        text.textContent = answer.ok ? await answer.text() : 'The files of ReDoc are missing.';
        page.replaceChildren(text);
    };

    if (typeof Redoc === 'undefined') {
        tell();
        return;
    }
    Redoc.init('openapi.json', {
        nativeScrollbars: true,
        pathInMiddlePanel: true,
        sortRequiredPropsFirst: true,
        theme: { typography: { fontFamily: 'sans-serif', headings: { fontFamily: 'sans-serif' } } },
    }, page);
})();
