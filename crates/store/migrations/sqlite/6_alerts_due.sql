CREATE INDEX IF NOT EXISTS alerts_due ON alerts (state, next_attempt_at)
