//! The fields of the requests that hand files to the bridge and to pages.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::parse::{FieldError, Validate, at_most, broken, within};
use super::waiting::{ActionWait, check_action};
use crate::file_data::FileData;
use crate::ids::TabRef;

/// Hands a file, or a part of one, to the bridge, where `upload` finds it. Answered by `fileStaged`, whose
/// `fileId` names the file in further parts and in `upload`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    {
        "required": ["name", "size"],
        "properties": {
            "name": { "type": "string" },
            "size": { "type": "integer" },
            "fileId": { "type": "null" },
            "offset": { "type": "null" },
        },
    },
    {
        "required": ["fileId", "offset"],
        "properties": {
            "fileId": { "type": "string" },
            "offset": { "type": "integer" },
            "name": { "type": "null" },
            "mime": { "type": "null" },
            "size": { "type": "null" },
        },
    },
]))]
pub struct StageFile {
    /// First part: the name that the page sees.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub name: Option<String>,
    /// First part: the media type that the page sees; none if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime: Option<String>,
    /// First part: the bytes of the whole file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Further parts: the file that they belong to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_id: Option<String>,
    /// Further parts: how many bytes stand before this part, which is what has been received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// The bytes of this part in base64. Left out in a binary message, which has them behind its JSON.
    pub data: FileData,
}

/// A file that is handed to a page: its bytes, never a path of the server. Either `name` and `data`, or the
/// `fileId` of a staged file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    {
        "required": ["name", "data"],
        "properties": {
            "name": { "type": "string" },
            "data": { "type": "string" },
            "fileId": { "type": "null" },
        },
    },
    {
        "required": ["fileId"],
        "properties": {
            "fileId": { "type": "string" },
            "name": { "type": "null" },
            "mime": { "type": "null" },
            "data": { "type": "null" },
        },
    },
]))]
pub struct UploadFile {
    /// The name that the page sees.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub name: Option<String>,
    /// The media type that the page sees; none if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime: Option<String>,
    /// The bytes in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<FileData>,
    /// The file, if all of it was staged with `stageFile`, or handed over by HTTP: its `uploadId`, which is accepted as the
    /// name of this field too.
    #[serde(skip_serializing_if = "Option::is_none", alias = "uploadId")]
    pub file_id: Option<String>,
}

impl UploadFile {
    /// A file whose bytes are sent with the request.
    pub fn inline(name: impl Into<String>, data: impl Into<FileData>) -> Self {
        Self {
            name: Some(name.into()),
            mime: None,
            data: Some(data.into()),
            file_id: None,
        }
    }

    /// A staged file, by its `fileId`.
    pub fn staged(file_id: impl Into<String>) -> Self {
        Self {
            name: None,
            mime: None,
            data: None,
            file_id: Some(file_id.into()),
        }
    }
}

/// Puts files into an `<input type=file>`; fires `input` and `change`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    {
        "required": ["selector"],
        "properties": { "selector": { "type": "string" }, "chooser": { "type": "null" } },
    },
    {
        "required": ["chooser"],
        "properties": { "chooser": { "type": "string" }, "selector": { "type": "null" } },
    },
]))]
pub struct Upload {
    /// The tab.
    pub tab_id: TabRef,
    /// The `<input type=file>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// The `chooser` of a `fileChooserOpened`, in place of a selector: its input need not be in the
    /// document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chooser: Option<String>,
    /// The files; none to take out those that are in it.
    #[schemars(length(max = 32))]
    pub files: Vec<UploadFile>,
    /// Whether it is only checked that it would work; `false` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trial: Option<bool>,
    /// What is waited for afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<ActionWait>,
}

/// The most files of one upload.
const MAX_FILES: usize = 32;
/// The longest name of a file, in characters.
const MAX_NAME: usize = 255;

fn check_name(field: &str, name: &str) -> Result<(), FieldError> {
    within(field, name.chars().count(), 1, MAX_NAME)
}

impl Validate for StageFile {
    fn validate(&self) -> Result<(), FieldError> {
        if self.file_id.is_none() {
            match (&self.name, self.size, self.offset) {
                (None, ..) => broken("name", "expected a name, or the fileId of a further part"),
                (_, None, _) => broken("size", "expected how many bytes the whole file has"),
                (.., Some(_)) => broken("offset", "an offset goes with a fileId"),
                (Some(name), ..) => check_name("name", name),
            }
        } else if self.offset.is_none() {
            broken("offset", "expected how many bytes stand before this part")
        } else if self.name.is_some() {
            broken("name", "a name goes with the first part")
        } else if self.mime.is_some() {
            broken("mime", "a media type goes with the first part")
        } else if self.size.is_some() {
            broken("size", "a size goes with the first part")
        } else {
            Ok(())
        }
    }
}

impl Validate for Upload {
    fn validate(&self) -> Result<(), FieldError> {
        match (&self.selector, &self.chooser) {
            (Some(_), None) | (None, Some(_)) => {}
            (Some(_), Some(_)) => return broken("chooser", "either a selector or a chooser"),
            (None, None) => return broken("selector", "expected a selector or a chooser"),
        }
        at_most("files", self.files.len(), MAX_FILES)?;
        check_action(self.wait_for.as_ref(), self.trial)?;
        for (number, file) in self.files.iter().enumerate() {
            let field = |name: &str| format!("files[{number}].{name}");
            match file {
                UploadFile {
                    name: Some(name),
                    data: Some(_),
                    file_id: None,
                    ..
                } => check_name(&field("name"), name)?,
                UploadFile {
                    name: None,
                    mime: None,
                    data: None,
                    file_id: Some(_),
                } => {}
                UploadFile {
                    file_id: Some(_), ..
                } => {
                    return broken(
                        &field("fileId"),
                        "it stands alone: name, mime and data were staged",
                    );
                }
                UploadFile { name: None, .. } => {
                    return broken(&field("name"), "expected name and data, or a fileId");
                }
                UploadFile { .. } => {
                    return broken(&field("data"), "expected name and data, or a fileId");
                }
            }
        }
        Ok(())
    }
}
