//! The command line.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use kontor::cli::{self, Cli};

/// Messages are many small allocations that one thread makes and another frees.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(cli::run(cli)),
        Err(error) => {
            // Nobody can be told if this fails, too.
            writeln!(io::stderr(), "kontor: no runtime: {error}").ok();
            ExitCode::FAILURE
        }
    }
}
