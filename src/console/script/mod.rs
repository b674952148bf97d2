//! `--script FILE`: a conversation written down, for automation.
//!
//! A line a step. `#` starts a comment line.
//!
//! | step | does |
//! | --- | --- |
//! | a verb, or raw JSON | sends it and waits for its answer; an `error` fails the script |
//! | `& REQUEST` | sends it and waits for nothing; its answer is awaited at the end of the script |
//! | `! [CODE] REQUEST` | sends it; anything but an `error` (with this code) fails the script |
//! | `expect EVENT [COND …]`, `wait …` | waits for an event, or has seen it since the last request |
//! | `sleep 200ms`, `timeout 10s` | waits; sets how long a step may take (30 s at first) |
//! | `save NAME` | writes the last payload to a file |
//! | `print TEXT` | shows a text |
//! | `let NAME TEXT` | gives a variable a value |
//! | `keep NAME PATH` | gives it what stands at a path of the last answer, or of the event last expected |
//!
//! A condition is `path=value`, `path!=value`, `path~=part`, `path>=number` or `path<=number`,
//! where a path goes into objects and arrays (`tabs.0.url`, `tabs.length`). `$` is the tab
//! created last, `${NAME}` a variable of `let`, of `keep` or else of the environment,
//! `${NAME:-text}` the same with a default, and `$${` a `${` that is none.
//!
//! | module | holds |
//! | --- | --- |
//! | `step` | the steps as types |
//! | `parse` | from text to steps, with file and line in every error (pure) |
//! | `variables`, `time`, `condition` | the parts of a step (pure) |
//! | `failure` | why a step failed |
//! | `seen` | what came and may still be expected |
//! | `play` | carries the steps out |

mod condition;
mod failure;
mod parse;
mod play;
mod seen;
mod step;
mod time;
mod variables;

pub use parse::ScriptError;

pub(super) use parse::parse;
pub(super) use play::play;
pub(super) use step::Script;
