//! `--script FILE`: requests and expectations, for automation.
//!
//! One step a line. `#` starts a comment line.
//!
//! | step | does |
//! | --- | --- |
//! | a verb, or raw JSON | sends it and waits for its answer; an `error` fails the script |
//! | `& REQUEST` | sends it in the background; its answer is awaited at the end of the script |
//! | `! [CODE] REQUEST` | sends it; anything but an `error` (with this code) fails the script |
//! | `expect EVENT [COND …]`, `wait …` | waits for an event; one since the last request counts too |
//! | `sleep 200ms`, `timeout 10s` | waits; sets how long a step may take (30 s at first) |
//! | `save NAME` | writes the last payload to a file |
//! | `print TEXT` | shows a text |
//! | `let NAME TEXT` | gives a variable a value |
//! | `keep NAME PATH` | sets it to the value at a path of the last answer, or of the event last expected |
//!
//! A condition is `path=value`, `path!=value`, `path~=part`, `path>=number` or `path<=number`,
//! where a path goes into objects and arrays (`tabs.0.url`, `tabs.length`). `$` is the tab created last, `${NAME}` a
//! variable of `let`, `keep` or else the environment, `${NAME:-text}` the same with a default, and `$${` a literal `${`.
//!
//! | module | holds |
//! | --- | --- |
//! | `step` | the steps as types |
//! | `parse` | from text to steps, with file and line in every error (pure) |
//! | `variables`, `time`, `condition` | the parts of a step (pure) |
//! | `failure` | why a step failed |
//! | `recent_events` | events since the last request, which `expect` matches |
//! | `play` | executes the steps |

mod condition;
mod failure;
mod parse;
mod play;
mod recent_events;
mod step;
mod time;
mod variables;

pub use parse::ScriptError;

pub(super) use parse::parse;
pub(super) use play::play;
pub(super) use step::Script;
