//! `agent2028 scenes`: the built-in gallery.

use clap::{Args, Subcommand};
use comfy_table::ContentArrangement;
use serde::Serialize;

use super::write_up::{number, right, table};
use super::{Failure, Format, json, print};
use crate::scene::load::load;
use crate::scene::{gallery, reference};

/// Lists the built-in scenes, shows one, or prints the scene reference.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  agent2028 scenes\n  agent2028 scenes show flock > my-flock.ron")]
pub(crate) struct Scenes {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// How the list is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Prints the RON of a built-in scene.
    #[command(after_help = "Example:\n  agent2028 scenes show flock > my-flock.ron")]
    Show {
        /// The scene's name.
        name: String,
    },
    /// Prints the reference of all fields of a scene as Markdown.
    #[command(after_help = "Example:\n  agent2028 scenes reference > docs/scene-reference.md")]
    Reference,
}

#[derive(Serialize)]
struct Entry {
    name: String,
    title: String,
    description: String,
    agents: u64,
}

impl Scenes {
    pub(crate) fn execute(self) -> Result<u8, Failure> {
        match self.verb {
            Some(Verb::Show { name }) => match gallery::find(&name) {
                Some(text) => print(text),
                None => Err(Failure::from(load(&name, &[]).err().unwrap_or_else(|| {
                    crate::scene::report::SceneError::whole(
                        &name,
                        "this is a file, not a built-in scene",
                        "print it yourself",
                    )
                }))),
            },
            Some(Verb::Reference) => print(&reference::markdown()),
            None => self.list(),
        }
    }

    fn list(&self) -> Result<u8, Failure> {
        let mut entries = Vec::new();
        for name in gallery::names() {
            let scene = load(name, &[])?.scene;
            let agents = scene.agents.iter().map(|group| u64::from(group.initial_count())).sum();
            entries.push(Entry { name: name.into(), title: scene.name, description: scene.description, agents });
        }
        if self.format == Format::Json {
            return print(&json(&entries)?);
        }
        let mut rows = table(&["name", "agents", "what it shows"]);
        rows.set_content_arrangement(ContentArrangement::Dynamic);
        for entry in entries {
            rows.add_row(vec![
                comfy_table::Cell::new(entry.name),
                right(number(entry.agents as f64)),
                comfy_table::Cell::new(entry.description),
            ]);
        }
        print(&format!("{rows}\nOpen one with: agent2028 open NAME\n"))
    }
}
