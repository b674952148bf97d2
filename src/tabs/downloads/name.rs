//! Names and ids of downloads as clients see them.

/// The most characters of a file's name, and of a URL.
pub(super) const MAX_NAME_CHARS: usize = 255;
pub(super) const MAX_URL_CHARS: usize = 1024;

pub(super) fn id_of(number: u64) -> String {
    format!("d{number}")
}

/// The number of an id; `None` for any other spelling of it.
pub(super) fn number_of(id: &str) -> Option<u64> {
    let number = id.strip_prefix('d')?.parse().ok()?;
    (id_of(number) == id).then_some(number)
}

/// A suggested name without anything that could lead to another directory where a client writes a
/// file of that name.
pub(super) fn file_name(suggested: &str) -> String {
    let last = suggested.rsplit(['/', '\\']).next().unwrap_or_default();
    let printable = last.chars().filter(|it| !it.is_control());
    let name: String = printable.take(MAX_NAME_CHARS).collect();
    match name.as_str() {
        "" | "." | ".." => "download".to_owned(),
        _ => name,
    }
}

pub(super) fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}
