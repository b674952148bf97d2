//! The script that runs in the isolated worlds.

/// The function through which the script reports what the page copies.
pub const COPIED_BINDING: &str = "cdpBridgeCopied";

/// The whole script as one expression. Evaluating it a second time has no effect.
pub(super) const SCRIPT: &str = concat!(
    // An element of the page with this id would be a property of the window, but not its own.
    "(() => { 'use strict'; if (Object.hasOwn(globalThis, 'cdpBridge')) return;\n",
    include_str!("script/dom.js"),
    include_str!("script/roles.js"),
    include_str!("script/names.js"),
    include_str!("script/pattern.js"),
    include_str!("script/locate.js"),
    include_str!("script/filters.js"),
    include_str!("script/propose.js"),
    include_str!("script/frame_list.js"),
    include_str!("script/boxes.js"),
    include_str!("script/image_map.js"),
    include_str!("script/geometry.js"),
    include_str!("script/hit_test.js"),
    include_str!("script/stability.js"),
    include_str!("script/scroll_into_view.js"),
    include_str!("script/give_up.js"),
    include_str!("script/actionability.js"),
    include_str!("script/hit_check.js"),
    include_str!("script/aim.js"),
    include_str!("script/focus.js"),
    include_str!("script/fields.js"),
    include_str!("script/toggles.js"),
    include_str!("script/scroll.js"),
    include_str!("script/upload.js"),
    include_str!("script/drag.js"),
    include_str!("script/queries.js"),
    include_str!("script/clickable.js"),
    include_str!("script/ax_states.js"),
    include_str!("script/ax_snapshot.js"),
    include_str!("script/rendered_text.js"),
    include_str!("script/markdown.js"),
    include_str!("script/content.js"),
    include_str!("script/rich_text.js"),
    include_str!("script/clipboard.js"),
    include_str!("script/picture.js"),
    include_str!("script/main.js"),
    "})();\n",
);

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::SCRIPT;

    /// The files share one scope: a name that two of them declare would be a syntax error in every page.
    #[test]
    fn no_name_of_the_script_is_declared_twice() {
        let mut names = HashSet::new();
        for line in SCRIPT.lines() {
            let line = line.strip_prefix("async ").unwrap_or(line);
            let declared = ["const ", "let ", "function ", "class "];
            let Some(rest) = declared.iter().find_map(|word| line.strip_prefix(word)) else {
                continue;
            };
            let name = rest
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .next();
            let name = name.unwrap_or_default();
            assert!(name.is_empty() || names.insert(name), "{name}");
        }
        assert!(names.len() > 100, "the declarations were found");
    }
}
