//! The script that runs in the isolated world, a file each idea.

/// All of it, as one expression. Where it runs already, it does nothing.
pub const SCRIPT: &str = concat!(
    "(() => { 'use strict'; if (globalThis.cdpBridge) return;\n",
    include_str!("script/dom.js"),
    include_str!("script/roles.js"),
    include_str!("script/locate.js"),
    include_str!("script/geometry.js"),
    include_str!("script/ready.js"),
    include_str!("script/act.js"),
    include_str!("script/look.js"),
    include_str!("script/outline.js"),
    include_str!("script/content.js"),
    include_str!("script/main.js"),
    "})();\n",
);
