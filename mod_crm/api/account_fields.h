/* api/account_fields.h - what bodies of several routes say of an account: rows of their fields. */
#ifndef CRM_API_ACCOUNT_FIELDS_H
#define CRM_API_ACCOUNT_FIELDS_H

#include "model/field.h"

#define CRM_FIELD_USERNAME                                                                         \
    {                                                                                              \
        .name = "username", .type = CRM_T_TEXT, .flags = CRM_F_REQUIRED, .max_length = 150,        \
        .help = "The name to log in with, unique in the tenant.", .example = "ada"                 \
    }
#define CRM_FIELD_EMAIL                                                                            \
    {                                                                                              \
        .name = "email", .type = CRM_T_EMAIL, .flags = CRM_F_REQUIRED, .max_length = 254,          \
        .help = "The e-mail address, unique in the tenant."                                        \
    }
#define CRM_FIELD_FIRST_NAME                                                                       \
    {                                                                                              \
        .name = "first_name", .type = CRM_T_TEXT, .flags = CRM_F_REQUIRED, .max_length = 150,      \
        .help = "The first name.", .example = "Ada"                                                \
    }
#define CRM_FIELD_LAST_NAME                                                                        \
    {                                                                                              \
        .name = "last_name", .type = CRM_T_TEXT, .flags = CRM_F_REQUIRED, .max_length = 150,       \
        .help = "The last name.", .example = "Lovelace"                                            \
    }
#define CRM_FIELD_NEW_PASSWORD(field_name)                                                         \
    {                                                                                              \
        .name = field_name, .type = CRM_T_PASSWORD, .flags = CRM_F_REQUIRED | CRM_F_SECRET,        \
        .min_length = 8, .help = "The password, at least 8 characters."                            \
    }

#endif
