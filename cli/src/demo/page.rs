//! The live page.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use service::Process;
use service::admin::{self, Admin};

use crate::demo::counts::Counts;
use crate::demo::plant::Plant;
use crate::demo::state::State;
use crate::demo::{DemoError, Options};

const PAGE: &str = include_str!("page.html");
const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";

/// Where the page is when nobody says otherwise.
const HOME: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// Puts the page and what it asks for on the process's own server. The services' own probes have no port here: the page says
/// who is not ready.
pub fn add(process: &Process, plant: &Plant, counts: &Arc<Counts>) {
    process.pages.add("/", HTML, || PAGE.to_owned());
    let state = State::of(plant, Arc::clone(counts));
    process
        .pages
        .add("/state.json", JSON, move || state.to_json());
}

/// Opens the server: where it was asked for, or at home, or on any free port when somebody else lives there.
pub async fn open(options: &Options, process: &Process) -> Result<Admin, DemoError> {
    if let Some(address) = options.page {
        return Ok(admin::serve(address, process.clone()).await?);
    }
    match admin::serve(HOME, process.clone()).await {
        Ok(admin) => Ok(admin),
        Err(_) => Ok(admin::serve(SocketAddr::new(HOME.ip(), 0), process.clone()).await?),
    }
}
