//! The forms in which a client's script is run. A script is an expression or statements, and what it
//! declares must not stay in the page: it would clash with the page, and with the same script run again.

use serde_json::Value;

/// Thrown by [`scoped`] instead of running the script.
pub(super) const NO_EVAL: &str = "cdp-bridge: the page has replaced eval";

/// The script in a scope of its own, with the value of its last statement. `eval` is the only construct
/// that has one; `Runtime.evaluate` permits it despite a content security policy. It has the scope around
/// it only if it is the engine's own, so that is checked first.
pub(super) fn scoped(source: &str) -> String {
    let (source, no_eval) = (literal(source), literal(NO_EVAL));
    format!(
        "(() => {{ {{ const cdpBridgeScope = 0; let isOwn = false; \
         try {{ isOwn = eval('typeof cdpBridgeScope') === 'number'; }} catch {{}} \
         if (!isOwn) throw {no_eval}; }} \
         return eval({source}); }})()"
    )
}

/// The script in a block, for a page that has replaced `eval`. Functions and `var` are not confined to it.
pub(super) fn in_block(source: &str) -> String {
    format!("{{\n{source}\n}}")
}

/// Whether the script begins like a function. As statements it would declare the function and have no
/// value.
pub(super) fn is_function(source: &str) -> bool {
    let start = without_leading_comments(source);
    let start = match start.strip_prefix("async") {
        Some(rest) if rest.starts_with([' ', '\t']) => rest.trim_start(),
        _ => start,
    };
    start.strip_prefix("function").is_some_and(|rest| {
        !rest.starts_with(|next: char| next.is_alphanumeric() || matches!(next, '_' | '$'))
    })
}

/// The script as an expression, which it may not be.
pub(super) fn expression(source: &str) -> String {
    format!("(\n{}\n)", without_semicolon(source))
}

/// Parses an expression without running it.
pub(super) fn parsed_only(expression: &str) -> String {
    format!("void (async () => {expression})")
}

/// A function that evaluates an expression. The script is part of the source text, so that its value does
/// not depend on the `eval` of the page.
pub(super) fn expression_function(expression: &str) -> String {
    format!("async function() {{ return {expression}; }}")
}

/// A function that runs the script as statements.
pub(super) fn statements_function(source: &str) -> String {
    format!("async function() {{ return eval({}); }}", literal(source))
}

/// JSON strings are literals of JavaScript too.
fn literal(source: &str) -> String {
    Value::from(source).to_string()
}

fn without_semicolon(source: &str) -> &str {
    source.trim_end_matches(|it: char| it == ';' || it.is_whitespace())
}

fn without_leading_comments(mut source: &str) -> &str {
    loop {
        source = source.trim_start();
        let end = if source.starts_with("//") {
            source.find('\n')
        } else if source.starts_with("/*") {
            source.find("*/").map(|at| at + 2)
        } else {
            return source;
        };
        let Some(end) = end else { return "" };
        source = &source[end..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_that_begins_like_a_function_is_recognized() {
        for source in [
            "function f() {}",
            "function(a) { return a };",
            "  async function () {}",
            "// why\n/* and\nhow */ function* f() {}",
        ] {
            assert!(is_function(source), "{source}");
        }
        for source in [
            "functions.length",
            "function_()",
            "() => 1",
            "async () => 1",
            "asyncfunction f() {}",
            "// function",
            "/* function",
            "",
        ] {
            assert!(!is_function(source), "{source}");
        }
    }

    #[test]
    fn what_ends_a_statement_is_no_part_of_an_expression() {
        assert_eq!(expression("e => e.id; \n;"), "(\ne => e.id\n)");
    }

    #[test]
    fn a_script_is_quoted_whole() {
        let form = statements_function("'\\'\n\"\u{2028}");
        assert_eq!(
            form,
            "async function() { return eval(\"'\\\\'\\n\\\"\u{2028}\"); }"
        );
    }
}
