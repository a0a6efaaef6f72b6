//! `signatures.csv`: public keys and signatures that another run of the same scene would make otherwise, because their suite
//! takes no seeds. A repetition of the run shows these.

use std::path::Path;
use std::sync::Arc;

use agent2028_core::clock::SimClock;
use agent2028_identity::{Identities, Made, Recorded};
use bevy::prelude::World;

use super::rows::{self, RowFile};
use super::{RecordError, io_error};

/// The name of the file.
pub const FILE: &str = "signatures.csv";

/// The file, which is there as soon as it has something to say.
#[derive(Debug)]
pub struct SignatureFile {
    folder: std::path::PathBuf,
    rows: Option<RowFile>,
}

impl SignatureFile {
    /// Begins in the folder of a new run.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn create(folder: &Path, world: &World) -> Result<Self, RecordError> {
        // A run that was stopped before its first tick may have left one.
        let path = folder.join(FILE);
        if path.exists() {
            std::fs::remove_file(&path).map_err(io_error(&path))?;
        }
        Self::begin(folder, None, world)
    }

    /// Goes on after `tick` in the folder of a run.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn resume(folder: &Path, tick: u64, world: &World) -> Result<Self, RecordError> {
        let rows = if folder.join(FILE).exists() { Some(begin(folder, Some(tick))?) } else { None };
        Self::begin(folder, rows, world)
    }

    fn begin(folder: &Path, rows: Option<RowFile>, world: &World) -> Result<Self, RecordError> {
        if let Some(identities) = world.get_resource::<Identities>() {
            identities.keep_made();
        }
        let mut file = Self { folder: folder.into(), rows };
        file.tick(world)?;
        Ok(file)
    }

    /// Writes down what was made since the last time.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn tick(&mut self, world: &World) -> Result<(), RecordError> {
        let made = world.get_resource::<Identities>().map(Identities::take_made).unwrap_or_default();
        if made.is_empty() {
            return Ok(());
        }
        let rows = match &mut self.rows {
            Some(rows) => rows,
            none => none.insert(begin(&self.folder, None)?),
        };
        let tick = world.resource::<SimClock>().tick();
        made.iter().try_for_each(|made| {
            let row =
                made.to_row().map_err(|why| RecordError::Unwritten(format!("a signature of tick {tick}"), why))?;
            rows.push(&format!("{tick},{row}"))
        })
    }

    /// The rows, if there are any.
    pub fn rows(&mut self) -> Option<&mut RowFile> {
        self.rows.as_mut()
    }
}

fn begin(folder: &Path, after: Option<u64>) -> Result<RowFile, RecordError> {
    let (path, header) = (folder.join(FILE), format!("tick,{}", Made::COLUMNS));
    match after {
        Some(tick) => RowFile::resume(&path, Some(&header), rows::csv_tick, tick),
        None => RowFile::create(&path, Some(&header), rows::csv_tick),
    }
}

/// Reads the file of a run; nothing if it has none.
///
/// # Errors
/// If it can't be read, or a row is none.
pub fn read(folder: &Path) -> Result<Arc<Recorded>, RecordError> {
    let path = folder.join(FILE);
    let mut recorded = Recorded::default();
    if path.exists() {
        rows::read(&path, 1, |number, row| {
            let made = row.split_once(',').and_then(|(_, made)| Made::from_row(made));
            recorded.add(made.ok_or_else(|| RecordError::Content {
                path: path.display().to_string(),
                line: Some(number),
                message: "this is neither keys nor a signature".into(),
            })?);
            Ok(())
        })?;
    }
    Ok(Arc::new(recorded))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assemble::{ExtraPlugins, build_app};
    use crate::record::{Recording, RunFolder};
    use crate::scene::load::{Loaded, Setting, load};
    use agent2028_core::agent::AgentId;
    use agent2028_core::selector::Selector;
    use agent2028_core::simulation::Simulation;
    use agent2028_identity::interventions::{RevokePapers, RotateKeys};
    use agent2028_identity::sign_events::{EVENT, event_bytes};

    fn scene(name: &str, suite: &str) -> Loaded {
        let set = |path: &str, value: &str| Setting { path: path.into(), value: value.into() };
        let signed = set("identity.signed_events", "[\"PapersRevoked\", \"KeysRotated\"]");
        load(name, &[set("identity.suite", suite), signed]).unwrap()
    }

    fn start(loaded: &Loaded) -> Simulation {
        let mut app = build_app(loaded, Some(1), &ExtraPlugins::default()).unwrap();
        Simulation::new(std::mem::take(app.world_mut()))
    }

    fn recorded(name: &str, suite: &str, ticks: u64, folder: &Path) -> Simulation {
        let loaded = scene(name, suite);
        let mut simulation = start(&loaded);
        let asked = crate::record::Asked::default();
        let mut run = RunFolder::create(folder, &loaded, &asked, simulation.world_mut()).unwrap();
        for _ in 0..ticks {
            simulation.run(1);
            run.tick(simulation.world()).unwrap();
        }
        run.finish("{}", simulation.state_hash(), simulation.world()).unwrap();
        simulation
    }

    /// All that agents show: their documents, papers and lists.
    fn shown(simulation: &Simulation) -> Vec<String> {
        let identities = simulation.world().resource::<Identities>();
        let documents = (0..51).map(|agent| format!("{:?}", identities.document_of(AgentId(agent))));
        let papers = identities.papers().map(|(_, sheet)| format!("{sheet:?}"));
        let lists = (0..51).map(|agent| format!("{:?}", identities.lists_of(AgentId(agent))));
        documents.chain(papers).chain(lists).collect()
    }

    #[test]
    fn a_repetition_shows_the_names_papers_and_signatures_of_the_recording() {
        let folder = tempfile::tempdir().unwrap();
        let original = recorded("delegation", "HybridCrystals", 320, folder.path());
        let recording = Recording::open(folder.path()).unwrap();
        assert!(recording.loaded.supplied::<Recorded>().unwrap().len() > 51 + 39);
        let mut again = start(&recording.loaded);
        again.run(320);
        assert_eq!(again.state_hash(), original.state_hash());
        assert_eq!(shown(&again), shown(&original));
        let [first, second] = [&original, &again].map(|simulation| {
            let signatures = simulation.world().resource::<Identities>().event_signatures();
            signatures.map(|(number, signature)| (number, signature.clone())).collect::<Vec<_>>()
        });
        assert_eq!((first.len(), &first), (3, &second));
        // Without the recording all of them are others, and the states the same.
        let mut fresh = start(&scene("delegation", "HybridCrystals"));
        fresh.run(320);
        assert_eq!(fresh.state_hash(), original.state_hash());
        assert!(shown(&fresh).iter().zip(shown(&original)).filter(|(one, other)| *one == other).count() < 51);
        assert!(crate::replay::verify(&recording, Some(2), &mut |_| {}).unwrap().passed());
    }

    #[test]
    fn a_repetition_goes_on_where_the_recording_ends_and_other_ways() {
        for name in ["delegation", "sealed-channel"] {
            let folder = tempfile::tempdir().unwrap();
            drop(recorded(name, "HybridCrystals", 60, folder.path()));
            let mut again = start(&Recording::open(folder.path()).unwrap().loaded);
            let mut fresh = start(&scene(name, "HybridCrystals"));
            for simulation in [&mut again, &mut fresh] {
                simulation.run(40);
                simulation.intervene(RotateKeys { select: Selector::IdRange { first: AgentId(4), last: AgentId(12) } });
                simulation.intervene(RevokePapers {
                    select: Selector::IdRange { first: AgentId(7), last: AgentId(8) },
                    capability: "archive.*".into(),
                });
                simulation.run(80);
            }
            assert_eq!(again.state_hash(), fresh.state_hash(), "{name}");
            // What the recording doesn't hold is signed all the same, and signed rightly.
            let (world, seed) = (again.world(), scene(name, "HybridCrystals").scene.seed);
            let all = world.resource::<Identities>();
            let bus = world.resource::<agent2028_core::event::EventBus>();
            let mut checked = 0;
            for (number, signature) in all.event_signatures() {
                let event = bus.history().find(|event| event.sequence == number).unwrap();
                let data = event_bytes(event, &agent2028_core::rng::SimRng::new(seed)).unwrap();
                let request = (event.source.unwrap(), signature, EVENT, data.as_slice());
                let workers = world.resource::<agent2028_core::parallel::Workers>();
                assert_eq!(all.verify_batch(workers, &[request]), [Ok(())]);
                checked += 1;
            }
            assert!(checked > 8, "{checked}");
        }
    }

    #[test]
    fn suites_that_take_seeds_leave_no_such_file_and_damaged_rows_are_told() {
        let folder = tempfile::tempdir().unwrap();
        drop(recorded("delegation", "HybridFips", 5, folder.path()));
        assert!(!folder.path().join(FILE).exists());
        let folder = tempfile::tempdir().unwrap();
        drop(recorded("delegation", "HybridCrystals", 5, folder.path()));
        let path = folder.path().join(FILE);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.lines().count() > 80 && text.starts_with("tick,agent,generation,what,of,bytes\n0,"));
        std::fs::write(&path, text.replacen(",keys,", ",kegs,", 1)).unwrap();
        let told = Recording::open(folder.path()).unwrap_err().to_string();
        assert!(told.contains("signatures.csv") && told.contains("neither keys nor a signature"), "{told}");
        // What is torn at the end is none of it.
        std::fs::write(&path, &text[..text.len() - 100]).unwrap();
        assert!(!Recording::open(folder.path()).unwrap().loaded.supplied::<Recorded>().unwrap().is_empty());
    }
}
