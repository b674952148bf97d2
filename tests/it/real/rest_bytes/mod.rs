//! Bytes and files of pages over plain HTTP.

mod files;
mod one_shots;
mod reads;
