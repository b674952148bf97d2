//! The script that runs in the isolated worlds.

/// The function through which the script reports what the page copies.
pub const COPIED_BINDING: &str = "cdpBridgeCopied";

/// The whole script as one expression. Evaluating it a second time has no effect.
pub(super) const SCRIPT: &str = concat!(
    "(() => { 'use strict'; if (globalThis.cdpBridge) return;\n",
    include_str!("script/dom.js"),
    include_str!("script/roles.js"),
    include_str!("script/locate.js"),
    include_str!("script/geometry.js"),
    include_str!("script/actionability.js"),
    include_str!("script/actions.js"),
    include_str!("script/queries.js"),
    include_str!("script/ax_snapshot.js"),
    include_str!("script/content.js"),
    include_str!("script/rich_text.js"),
    include_str!("script/clipboard.js"),
    include_str!("script/main.js"),
    "})();\n",
);
