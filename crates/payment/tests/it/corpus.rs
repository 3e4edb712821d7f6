//! What `make fuzz` found worth keeping, through the very function that it fuzzes.

#[path = "../../../../fuzz/checks/amount.rs"]
mod amount;
#[path = "../../../../fuzz/checks/by_hand.rs"]
mod by_hand;
#[path = "../../../../fuzz/checks/corpus.rs"]
mod kept;
#[path = "../../../../fuzz/checks/payment.rs"]
mod payment;

#[test]
fn the_kept_payments_pass() {
    kept::replay("payment", payment::payment);
}

#[test]
fn the_kept_amounts_pass() {
    kept::replay("amount", amount::amount);
}
