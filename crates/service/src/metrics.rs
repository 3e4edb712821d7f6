//! What every process says of itself.

mod usage;

use prometheus::{IntGaugeVec, Opts, Registry};

use self::usage::Usage;

/// Registers `fraudstream_build_info{service,version}` and, where the system has `/proc`, the
/// process's CPU, memory and files under the names that every Prometheus client uses.
pub fn register(
    registry: &Registry,
    service: &str,
    version: &str,
) -> Result<(), prometheus::Error> {
    let build_info = Opts::new(
        "fraudstream_build_info",
        "Always 1; the labels say what runs.",
    );
    let build_info = IntGaugeVec::new(build_info, &["service", "version"])?;
    build_info.with_label_values(&[service, version]).set(1);
    registry.register(Box::new(build_info))?;
    registry.register(Box::new(Usage::new()?))
}
