//! Builds answers to dialogs and passwords from the fields of requests.

use cdp_bridge_protocol::request::{AnswerAuth, AnswerDialog, SetCredentials};

use super::OperationError;
use crate::policy::bare_origin;
use crate::tabs::{AuthAnswer, Credentials, DialogAnswer};

pub(super) fn dialog(answer: AnswerDialog) -> DialogAnswer {
    DialogAnswer {
        dialog: answer.dialog_id,
        accept: answer.accept,
        text: answer.prompt_text,
    }
}

pub(super) fn auth(answer: AnswerAuth) -> AuthAnswer {
    AuthAnswer {
        auth: answer.auth_id,
        login: answer.username.zip(answer.password),
    }
}

pub(super) fn credentials(set: SetCredentials) -> Result<Vec<Credentials>, OperationError> {
    let entries = set.credentials.into_iter().enumerate();
    let credentials = entries.map(|(number, entry)| {
        let origin = bare_origin(&entry.origin);
        Ok(Credentials {
            origin: origin.ok_or_else(|| OperationError::BadOrigin {
                field: format!("credentials[{number}].origin"),
            })?,
            username: entry.username,
            password: entry.password,
        })
    });
    credentials.collect()
}
