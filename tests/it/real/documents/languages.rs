//! Examples in Python, TypeScript and Rust.

use std::path::Path;

use super::page::Stage;
use crate::clients::program::{client, skipped, succeeds};
use crate::clients::{python, typescript};
use crate::contract::documents::blocks;
use crate::contract::schemas::repository;

#[tokio::test]
async fn the_examples_in_python_run() {
    let Some(python) = python::python(python::WITH_WEBSOCKETS).await else {
        return skipped(
            "Python in the documents",
            "there is no Python 3.11 with websockets",
        );
    };
    let blocks = blocks::with("python", "");
    assert!(!blocks.is_empty());
    let stage = Stage::set().await;
    for block in blocks {
        let (imports, body): (Vec<&str>, Vec<&str>) = block
            .text
            .lines()
            .partition(|line| line.starts_with("import ") || line.starts_with("from "));
        let body: Vec<String> = body.iter().map(|line| format!("    {line}\n")).collect();
        let program = format!(
            "import asyncio\nfrom cdp_bridge import Bridge\n{}\nasync def main():\n{}\nasyncio.run(main())\n",
            imports.join("\n"),
            body.concat(),
        );
        let program = stage.here(&program);
        let environment = [
            ("PYTHONPATH", Path::new("src")),
            ("PYTHONDONTWRITEBYTECODE", Path::new("1")),
        ];
        succeeds(&python, &["-c", &program], &client("python"), &environment).await;
    }
    stage.daemon.stop().await;
}

/// The compiler, as strict as the client's own project.
const TSC: [&str; 7] = [
    "node_modules/typescript/bin/tsc",
    "--module",
    "nodenext",
    "--target",
    "es2023",
    "--strict",
    "--skipLibCheck",
];

#[tokio::test]
async fn the_examples_in_typescript_compile_and_run() {
    let node = match typescript::ready().await {
        Ok(node) => node,
        Err(why) => return skipped("TypeScript in the documents", &why),
    };
    let blocks = blocks::with("ts", "");
    assert!(!blocks.is_empty());
    let stage = Stage::set().await;
    // Beside the client's own packages, and not in its `dist`, which its tests write.
    let dir = tempfile::Builder::new()
        .prefix(".documents-")
        .tempdir_in(client("typescript"))
        .unwrap();
    let out = dir.path().display().to_string();
    let compile = [
        "--rootDir",
        ".",
        "--outDir",
        &out,
        "--declaration",
        "src/index.ts",
    ];
    succeeds(
        node,
        &[&TSC[..], &compile].concat(),
        &client("typescript"),
        &[],
    )
    .await;
    for block in blocks {
        let program = stage
            .here(&block.text)
            .replace("\"cdp-bridge-client\"", "\"./src/index.js\"");
        let source = dir.path().join("example.mts");
        std::fs::write(&source, program).unwrap();
        let source = source.display().to_string();
        succeeds(
            node,
            &[&TSC[..], &[&source]].concat(),
            &client("typescript"),
            &[],
        )
        .await;
        let compiled = dir.path().join("example.mjs").display().to_string();
        succeeds(node, &[&compiled], &client("typescript"), &[]).await;
    }
    stage.daemon.stop().await;
}

#[test]
fn the_examples_in_rust_are_those_that_are_compiled() {
    let blocks = blocks::with("rust", "");
    assert!(!blocks.is_empty());
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let example = words(&std::fs::read_to_string(repository("examples/first_page.rs")).unwrap());
    for block in blocks {
        let place = block.place();
        assert!(
            example.contains(&words(&block.text)),
            "{place} is not in examples/first_page.rs"
        );
    }
}
