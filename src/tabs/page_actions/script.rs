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
    include_str!("script/locate.js"),
    include_str!("script/propose.js"),
    include_str!("script/geometry.js"),
    include_str!("script/actionability.js"),
    include_str!("script/actions.js"),
    include_str!("script/queries.js"),
    include_str!("script/ax_snapshot.js"),
    include_str!("script/rendered_text.js"),
    include_str!("script/markdown.js"),
    include_str!("script/content.js"),
    include_str!("script/rich_text.js"),
    include_str!("script/clipboard.js"),
    include_str!("script/main.js"),
    "})();\n",
);
