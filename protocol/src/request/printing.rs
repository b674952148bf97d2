//! The fields of `printToPdf`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::parse::{FieldError, Validate, broken, within};
use crate::ids::TabRef;

macro_rules! papers {
    ($($(#[$doc:meta])* $paper:ident = $width:literal x $height:literal;)*) => {
        /// A size of paper.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase")]
        pub enum Paper {
            $($(#[$doc])* $paper,)*
        }

        impl Paper {
            /// Width and height, in inches.
            pub fn inches(self) -> (f64, f64) {
                match self {
                    $(Self::$paper => ($width, $height),)*
                }
            }
        }
    };
}

papers! {
    /// 8.5 by 11 inches.
    #[default]
    Letter = 8.5 x 11.0;
    /// 8.5 by 14 inches.
    Legal = 8.5 x 14.0;
    /// 11 by 17 inches.
    Tabloid = 11.0 x 17.0;
    /// 17 by 11 inches.
    Ledger = 17.0 x 11.0;
    /// 841 by 1189 mm.
    A0 = 33.1 x 46.8;
    /// 594 by 841 mm.
    A1 = 23.4 x 33.1;
    /// 420 by 594 mm.
    A2 = 16.54 x 23.4;
    /// 297 by 420 mm.
    A3 = 11.7 x 16.54;
    /// 210 by 297 mm.
    A4 = 8.27 x 11.7;
    /// 148 by 210 mm.
    A5 = 5.83 x 8.27;
    /// 105 by 148 mm.
    A6 = 4.13 x 5.83;
}

/// The margins of a sheet, in inches; each is 0 if absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Margin {
    /// At the top.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 100.0))]
    pub top: Option<f64>,
    /// At the right.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 100.0))]
    pub right: Option<f64>,
    /// At the bottom.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 100.0))]
    pub bottom: Option<f64>,
    /// At the left.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 100.0))]
    pub left: Option<f64>,
}

/// Prints the page. Answered by `pdf`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PrintToPdf {
    /// The tab.
    pub tab_id: TabRef,
    /// The size of the paper; `letter` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paper: Option<Paper>,
    /// Width of the paper in inches, in place of that of `paper`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.1, max = 200.0))]
    pub width: Option<f64>,
    /// Height of the paper in inches, in place of that of `paper`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.1, max = 200.0))]
    pub height: Option<f64>,
    /// Whether the paper is turned; `false` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub landscape: Option<bool>,
    /// The margins; none if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub margin: Option<Margin>,
    /// The pages, such as `1-3, 5`; all if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_ranges: Option<String>,
    /// Whether backgrounds are printed; `false` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub print_background: Option<bool>,
    /// The scale; 1 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.1, max = 2.0))]
    pub scale: Option<f64>,
    /// HTML at the top of each sheet, within its margin. Elements of the classes `date`, `title`, `url`, `pageNumber` and
    /// `totalPages` get that as their text. Scripts do not run in it, and it loads nothing: pictures are `data:` URLs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_template: Option<String>,
    /// The same at the bottom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub footer_template: Option<String>,
    /// Whether `@page` of the page's style sheets decides the size of the paper; `false` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefer_css_page_size: Option<bool>,
}

impl PrintToPdf {
    /// Prints a tab on letter paper without margins.
    pub fn of(tab: impl Into<TabRef>) -> Self {
        Self {
            tab_id: tab.into(),
            paper: None,
            width: None,
            height: None,
            landscape: None,
            margin: None,
            page_ranges: None,
            print_background: None,
            scale: None,
            header_template: None,
            footer_template: None,
            prefer_css_page_size: None,
        }
    }
}

impl Validate for PrintToPdf {
    fn validate(&self) -> Result<(), FieldError> {
        let margin = self.margin.unwrap_or_default();
        for (field, value, min, max) in [
            ("width", self.width, 0.1, 200.0),
            ("height", self.height, 0.1, 200.0),
            ("scale", self.scale, 0.1, 2.0),
            ("margin.top", margin.top, 0.0, 100.0),
            ("margin.right", margin.right, 0.0, 100.0),
            ("margin.bottom", margin.bottom, 0.0, 100.0),
            ("margin.left", margin.left, 0.0, 100.0),
        ] {
            if let Some(value) = value {
                within(field, value, min, max)?;
            }
        }
        check_template("headerTemplate", self.header_template.as_deref())?;
        check_template("footerTemplate", self.footer_template.as_deref())
    }
}

/// Chromium waits for a style sheet that a template links to, does not load it, and may crash then.
fn check_template(field: &str, template: Option<&str>) -> Result<(), FieldError> {
    let template = template.unwrap_or_default().to_ascii_lowercase();
    if ["<link", "@import"].iter().any(|it| template.contains(it)) {
        return broken(
            field,
            "a template loads nothing; write its styles into a <style>, without <link> and @import",
        );
    }
    Ok(())
}
