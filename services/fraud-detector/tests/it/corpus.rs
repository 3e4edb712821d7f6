//! What `make fuzz` found worth keeping, through the very function that it fuzzes.

#[path = "../../../../fuzz/checks/headers.rs"]
mod headers;
#[path = "../../../../fuzz/checks/corpus.rs"]
mod kept;

#[test]
fn the_kept_headers_pass() {
    kept::replay("headers", headers::headers);
}
