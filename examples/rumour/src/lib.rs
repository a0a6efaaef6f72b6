//! A plugin of one's own, whole: rumours that agents pass on to those nearby.
//!
//! It brings a section of the scene with fields that are checked and a file, a state that checkpoints save, a metric, a kind of
//! event, and an intervention for timelines and for the palette of the window; and for the window a panel, a layer over the
//! world and a tool. A program adds it with two lines: see `main.rs`.

use agent2028::core::agent::{Agent, AgentId, AgentIndex, Position};
use agent2028::core::check::{Check, FileName, Problems, Range, Unit};
use agent2028::core::checkpoint::AddCheckpoint;
use agent2028::core::clock::SimClock;
use agent2028::core::event::{AddEventKinds, EventBus, EventDeclaration, EventKind, EventPayload};
use agent2028::core::intervention::{
    AddIntervention, Intervention, InterventionContext, InterventionError, InterventionRegistry, PaletteEntry, Tone,
};
use agent2028::core::metrics::{MetricId, MetricSpec, Metrics};
use agent2028::core::params::AddSection;
use agent2028::core::rng::{Purpose, SimRng};
use agent2028::core::section::{
    FileContent, FileFaults, FileRequest, SceneContext, SceneSection, SectionFiles, TableFile,
};
use agent2028::core::selector::Selector;
use agent2028::core::simulation::Simulation;
use agent2028::core::space::WorldBounds;
use agent2028::core::table::TableReader;
use agent2028::core::{SimSchedule, SimSystems, TakeTurn};
use agent2028::kit::panel::{DockSide, Group, Panel, PanelContext, PanelFacts, PanelKey, Tool, ToolEffect};
use agent2028::kit::{RegisterPanels as _, egui, format, icons, widgets};
use agent2028::view::paint::Painter;
use agent2028::view::{
    Drawing, Draws, Layer, LayerFacts, LayerInput, ObstacleShape, RegisterLayers as _, ToolFacts, ToolGroup,
};
use bevy::prelude::*;
use serde::{Deserialize, Serialize};

/// Rumours: those who know tell everybody nearby.
#[derive(Resource, Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Resource, Default)]
#[serde(default, deny_unknown_fields)]
pub struct RumourConfig {
    /// How far a rumour carries.
    #[reflect(@Range::new(0.0, 1e6), @Unit("units"))]
    pub reach: f32,
    /// The chance that somebody who is told takes it up, per second.
    #[reflect(@Range::new(0.0, 60.0), @Unit("1/s"))]
    pub chance: f32,
    /// Whose group begins; empty if the file says who does.
    pub group: String,
    /// A CSV file, relative to the scene, with a column `agent`: the numbers of those who know at the start.
    #[reflect(@FileName)]
    pub begun_by: String,
}

impl Default for RumourConfig {
    fn default() -> Self {
        Self { reach: 20.0, chance: 12.0, group: String::new(), begun_by: String::new() }
    }
}

impl Check for RumourConfig {
    fn check(&self, at: &str, problems: &mut Problems) {
        if !self.group.is_empty() {
            problems.check_group(format!("{at}.group"), &self.group);
        } else if self.begun_by.is_empty() {
            problems.push(at, "nobody begins the rumour", "name a group, or a file: begun_by: \"tellers.csv\"");
        }
    }

    fn files_mut(&mut self) -> Vec<&mut String> {
        vec![&mut self.begun_by]
    }
}

/// Those who know at the start, from the file.
struct Tellers(Vec<AgentId>);

fn read_tellers(file: &TableFile, agents: u32, most: usize) -> Result<Tellers, FileFaults> {
    let mut table = TableReader::new(file.open()?, "tellers", &["agent"], 1)?;
    let (mut tellers, mut faults) = (Vec::new(), FileFaults::default());
    while let Some(row) = table.next_row() {
        let number = row.and_then(|row| {
            let text = row.get(0).unwrap_or_default();
            let known = text.parse().ok().filter(|number| *number < agents);
            known.ok_or_else(|| row.fault(0, format!("there is no agent \"{text}\""), "agents are numbered from 0"))
        });
        match number {
            Ok(number) => tellers.push(AgentId(number)),
            Err(fault) => faults.push(fault, most),
        }
    }
    if faults.is_empty() { Ok(Tellers(tellers)) } else { Err(faults) }
}

impl SceneSection for RumourConfig {
    const NAME: &'static str = "rumour";
    const ABOUT: &'static str = "A rumour that agents pass on. Without this section there is none.";

    fn interventions(list: &mut InterventionRegistry) {
        list.add::<Whisper>();
    }

    fn events() -> Vec<EventDeclaration> {
        EVENTS.to_vec()
    }

    fn files(&self) -> Vec<FileRequest> {
        vec![FileRequest::new("begun_by", &self.begun_by, "tellers.csv", |file, context| {
            Ok(FileContent::new(read_tellers(file, context.agents, context.most_faults)?))
        })]
    }

    fn build(&self, files: &SectionFiles, _: &SceneContext, app: &mut App) {
        let tellers = files.get::<Tellers>(&self.begun_by).map_or_else(Vec::new, |tellers| tellers.0.clone());
        let heard = MetricSpec::cheap("rumour.heard", "agents", "How many agents have heard the rumour.");
        let heard = app.world_mut().get_resource_or_init::<Metrics>().declare(heard);
        app.insert_resource(self.clone())
            .insert_resource(Beginning(tellers))
            .insert_resource(RumourMetric(heard))
            .init_resource::<Told>()
            .register_required_components::<Agent, Heard>();
        let turn = app.take_turn(Self::NAME);
        // The section can change while the simulation runs; who has heard is state.
        app.add_section::<Self>(Self::NAME)
            .checkpoint_component::<Heard>("rumour.heard")
            .checkpoint_resource::<Told>("rumour.told")
            .add_event_kinds(EVENTS)
            .add_interventions(Self::interventions)
            .add_systems(SimSchedule, pass_on.in_set(turn.of(SimSystems::Act)))
            .add_systems(SimSchedule, count.in_set(turn.of(SimSystems::Observe)));
    }
}

/// Whether an agent has heard the rumour.
#[derive(Component, Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Heard(pub bool);

/// Whether it was told that everybody has heard it.
#[derive(Resource, Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Told(bool);

/// Those who know before the first tick. They follow from the scene.
#[derive(Resource)]
struct Beginning(Vec<AgentId>);

#[derive(Resource)]
struct RumourMetric(MetricId);

/// Everybody has heard the rumour. Carries a [`RumourKnown`].
pub const RUMOUR_KNOWN: EventKind = EventKind::new("RumourKnown", 5);

/// The kinds of events that rumours tell. The window, the metric `events.RumourKnown` and the reference know them from here.
const EVENTS: &[EventDeclaration] =
    &[EventDeclaration::new(RUMOUR_KNOWN, "Rumour known", "\u{ef49}", Tone::Info, "Everybody has heard the rumour.")
        .carries::<RumourKnown>()];

/// What a [`RUMOUR_KNOWN`] carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Reflect, Serialize, Deserialize)]
pub struct RumourKnown {
    /// How many agents know.
    pub agents: u64,
}

impl EventPayload for RumourKnown {
    const NAME: &'static str = "RumourKnown";
}

impl std::fmt::Display for RumourKnown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "all {} agents have heard the rumour", self.agents)
    }
}

/// Lets agents hear the rumour at once.
#[derive(Clone, Debug, Default, PartialEq, Reflect, Serialize, Deserialize)]
#[reflect(Default)]
#[serde(default, deny_unknown_fields)]
pub struct Whisper {
    /// Which agents.
    pub select: Selector,
}

impl Check for Whisper {
    fn check(&self, at: &str, problems: &mut Problems) {
        self.select.check(&format!("{at}.select"), problems);
    }
}

impl Intervention for Whisper {
    const NAME: &'static str = "Whisper";
    const NEEDS: &'static [&'static str] = &["rumour"];
    const PALETTE: Option<PaletteEntry> =
        Some(PaletteEntry::new("Whisper to", "\u{e91f}", Tone::Info, "They have heard the rumour, and pass it on."));

    fn apply(&self, world: &mut World, context: &InterventionContext) -> Result<String, InterventionError> {
        let agents = self.chosen_by(&self.select, world, context);
        for agent in &agents {
            let entity = world.resource::<AgentIndex>().get(*agent);
            if let Some(mut heard) = entity.and_then(|entity| world.get_mut::<Heard>(entity)) {
                heard.0 = true;
            }
        }
        Ok(format!("{} agents have heard the rumour", agents.len()))
    }
}

fn pass_on(
    (rumour, beginning, groups): (Res<RumourConfig>, Res<Beginning>, Res<agent2028::core::agent::AgentGroups>),
    (bounds, clock, dice): (Res<WorldBounds>, Res<SimClock>, Res<SimRng>),
    mut agents: Query<(&Agent, &Position, &mut Heard)>,
) {
    let begins = |agent: AgentId| {
        let of_group = groups.group_of(agent).and_then(|group| groups.get(group));
        beginning.0.contains(&agent) || of_group.is_some_and(|group| group.name == rumour.group)
    };
    let knowing: Vec<Vec2> = agents.iter().filter(|(.., heard)| heard.0).map(|(_, at, _)| at.0).collect();
    let chance = rumour.chance / clock.tick_hz() as f32;
    for (agent, at, mut heard) in &mut agents {
        let near = || knowing.iter().any(|other| bounds.delta(at.0, *other).length() <= rumour.reach);
        // Chance depends on seed, agent and tick alone, so that the run is the same at any thread count.
        let luck = dice.stream(Purpose::new("rumour.hear"), agent.0, clock.tick()).unit();
        if !heard.0 && (begins(agent.0) || luck < chance && near()) {
            heard.0 = true;
        }
    }
}

fn count(
    metric: Res<RumourMetric>,
    agents: Query<&Heard>,
    mut told: ResMut<Told>,
    (mut metrics, mut bus): (ResMut<Metrics>, ResMut<EventBus>),
) {
    let (all, knowing) = (agents.iter().len(), agents.iter().filter(|heard| heard.0).count());
    metrics.record(metric.0, knowing as f64);
    if knowing == all && !told.0 {
        told.0 = true;
        bus.publish(RUMOUR_KNOWN, None, RumourKnown { agents: all as u64 });
    }
}

/// What the window shows of the rumour: a panel, a layer over the world and a tool.
#[derive(Clone, Copy, Debug, Default)]
pub struct RumourPanels;

impl Plugin for RumourPanels {
    fn build(&self, app: &mut App) {
        app.add_layer::<HeardLayer>();
        app.add_panel::<RumourPanel>().add_tool::<WhisperTool>();
    }
}

/// Who has heard the rumour, and who hasn't.
fn hearers(simulation: &Simulation) -> (Vec<AgentId>, Vec<AgentId>) {
    let Some(mut agents) = simulation.world().try_query::<(&Agent, &Heard)>() else { return Default::default() };
    let (heard, others): (Vec<_>, Vec<_>) = agents.iter(simulation.world()).partition(|(_, heard)| heard.0);
    let ids = |agents: Vec<(&Agent, &Heard)>| agents.into_iter().map(|(agent, _)| agent.0).collect();
    (ids(heard), ids(others))
}

/// How far the rumour got.
#[derive(Clone, Copy, Debug)]
pub struct RumourPanel;

impl Panel for RumourPanel {
    type State = ();
    const FACTS: PanelFacts = PanelFacts {
        key: PanelKey::new("Rumour"),
        title: "Rumour",
        icon: icons::ICON_CAMPAIGN,
        help: "How far the rumour got, and who has not heard it.",
        group: Group::Talk,
        side: DockSide::Right,
        scrolls: true,
        story: true,
    };

    fn applies(simulation: &Simulation) -> bool {
        simulation.world().contains_resource::<RumourConfig>()
    }

    fn show(ui: &mut egui::Ui, context: &mut PanelContext, (): &mut ()) {
        let (look, facts) = (context.look, context.facts);
        let Some(rumour) = facts.world().get_resource::<RumourConfig>() else {
            widgets::empty(
                ui,
                look,
                icons::ICON_CAMPAIGN,
                "There is no rumour in this scene",
                "Add a section `rumour`.",
            );
            return;
        };
        let (heard, others) = hearers(facts.simulation);
        let share = format::percent(heard.len() as f64 / (heard.len() + others.len()).max(1) as f64);
        let count = format::counted(heard.len() as u64, "agent", "agents");
        widgets::property_text(ui, look, "Heard by", look.figure(format!("{count} ({share})")));
        widgets::property_text(ui, look, "Carries", look.figure(format::with_unit(rumour.reach.into(), "units")));
        if widgets::text_button(ui, look.body("Tell all the others")).clicked() {
            context.actions.intervene(Whisper { select: Selector::Ids(others) });
        }
    }
}

/// Rings around those who have heard the rumour.
#[derive(Clone, Copy, Debug)]
pub struct HeardLayer;

impl Layer for HeardLayer {
    const FACTS: LayerFacts = LayerFacts {
        key: "rumour",
        label: "Rumour",
        help: "Rings around the agents that have heard the rumour",
        shortcut: "Alt 0",
        shown: true,
    };

    fn applies(world: &World) -> bool {
        world.contains_resource::<RumourConfig>()
    }

    fn paint(painter: &mut Painter, input: &LayerInput) {
        let (radius, color) = (input.agent_length.max(4.0), input.tokens().info);
        for agent in hearers(input.simulation).0 {
            let Some(at) = input.place(agent).map(|place| input.projection.pixel(place)) else { continue };
            if input.projection.sees(at, radius) {
                painter.circle(at, radius, 1.0, color);
            }
        }
    }
}

/// Whispers to the agents in a disc.
#[derive(Clone, Copy, Debug)]
pub struct WhisperTool;

impl Tool for WhisperTool {
    type Options = ();
    const FACTS: ToolFacts = ToolFacts {
        key: "whisper",
        label: "Whisper",
        help: "Let the agents where you click hear the rumour",
        icon: icons::ICON_CAMPAIGN.codepoint,
        shortcut: "W",
        group: ToolGroup::Make,
        draws: Draws::Disc,
    };

    fn missing(world: &World) -> Option<String> {
        (!world.contains_resource::<RumourConfig>())
            .then(|| "There is no rumour: the scene has no section `rumour`.".into())
    }

    fn hint(_: ObstacleShape) -> &'static str {
        "Click, or drag from the centre to choose how widely."
    }

    fn make(drawing: &Drawing, (): &(), _: &Simulation) -> Option<ToolEffect> {
        let Drawing::Disc { at: center, radius } = *drawing else { return None };
        Some(ToolEffect::new(Whisper { select: Selector::Within { center, radius } }, "Whispered the rumour"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent2028::Sandbox;
    use agent2028_panel_testing as testing;

    const SCENE: &str = include_str!("../rumour.ron");

    fn sandbox(text: &str) -> Result<Sandbox, agent2028::SandboxError> {
        Sandbox::builder().section::<RumourConfig>().parse(text)
    }

    #[test]
    fn the_scene_does_what_it_should() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut sandbox = Sandbox::builder().section::<RumourConfig>().open(folder.join("rumour.ron")).unwrap();
        sandbox.run(600).unwrap();
        let verdicts = sandbox.verdicts().unwrap();
        assert!(!verdicts.is_empty());
        assert!(verdicts.iter().all(|verdict| verdict.judged && verdict.met), "{verdicts:?}");
        let events = sandbox.events().unwrap();
        let known = events.iter().find(|event| event.kind == RUMOUR_KNOWN).unwrap();
        assert_eq!(known.payload.fields()[0].name, "agents");
    }

    #[test]
    fn the_same_run_from_a_checkpoint_in_its_middle_ends_in_the_same_state() {
        let text = SCENE.replace("begun_by: \"tellers.csv\"", "group: \"bird\"");
        let mut sandbox = sandbox(&text).unwrap();
        sandbox.run(20).unwrap();
        let middle = sandbox.checkpoint().unwrap();
        sandbox.run(20).unwrap();
        let end = sandbox.state_hash().unwrap();
        sandbox.restore(&middle).unwrap();
        sandbox.run(20).unwrap();
        assert_eq!(sandbox.state_hash().unwrap(), end);
    }

    #[test]
    fn what_is_wrong_with_the_section_is_told_with_its_place() {
        for (section, told) in [
            ("()", "nobody begins the rumour"),
            ("(group: \"brid\")", "there is no agent group"),
            ("(group: \"bird\", reech: 3)", "there is no field"),
            ("(group: \"bird\", chance: -1)", "out of range"),
        ] {
            let text = format!("Scene(agents: [(name: \"bird\", count: 3)],\n  rumour: {section})");
            let error = sandbox(&text).err().unwrap_or_else(|| panic!("{section} is taken"));
            let report = format!("{error:?}");
            assert!(report.contains(told), "{section}: {report}");
        }
    }

    #[test]
    fn bad_rows_of_the_file_are_told_by_line_and_column() {
        let folder = tempfile::tempdir().unwrap();
        let scene = folder.path().join("scene.ron");
        let text = "Scene(agents: [(name: \"bird\", count: 3)], rumour: (begun_by: \"t.csv\"))";
        std::fs::write(&scene, text).unwrap();
        std::fs::write(folder.path().join("t.csv"), "agent\n0\n7\n").unwrap();
        let open = || Sandbox::builder().section::<RumourConfig>().open(&scene);
        let Err(agent2028::SandboxError::Scene(error)) = open() else { panic!("a bad row is taken") };
        let lines = error.lines();
        assert_eq!((lines[0].line, lines[0].column, lines.len()), (3, 1, 1), "{lines:?}");
        std::fs::write(folder.path().join("t.csv"), "agent\n0\n2\n").unwrap();
        let mut sandbox = open().unwrap();
        sandbox.run(1).unwrap();
        assert!(sandbox.metric("rumour.heard").unwrap() >= 2.0);
    }

    #[test]
    fn a_timeline_may_name_the_intervention() {
        let text = "Scene(agents: [(name: \"bird\", count: 9)], rumour: (group: \"bird\", chance: 0),
            timeline: [(at: 2, do: Whisper(select: All))])";
        sandbox(text).unwrap().run(2).unwrap();
        let lacking = "Scene(agents: [(name: \"bird\", count: 9)], timeline: [(at: 2, do: Whisper(select: All))])";
        let error = sandbox(lacking).unwrap().run(1).unwrap_err();
        assert!(format!("{error:?}").contains("needs the section `rumour`"), "{error:?}");
    }

    /// A bird that has heard the rumour, beside two that haven't.
    fn three_birds() -> Simulation {
        let text = "Scene(agents: [(name: \"bird\", count: 3, spawn: Points([(0, 0), (40, 0), (80, 0)]))],
            rumour: (group: \"bird\", chance: 0))";
        let (mut simulation, _) = sandbox(text).unwrap().into_simulation().unwrap();
        let world = simulation.world_mut();
        for (agent, mut heard) in world.query::<(&Agent, &mut Heard)>().iter_mut(world) {
            heard.0 = agent.0 == AgentId(0);
        }
        simulation
    }

    /// The window with what this plugin brings to it.
    fn window() -> testing::Harness<'static, testing::PanelTest<testing::whole::Whole>> {
        let mut app = App::new();
        app.add_plugins(RumourPanels);
        let world = app.world_mut();
        let mut harness = testing::whole::whole([1280.0, 720.0], three_birds());
        let whole = &mut harness.state_mut().state;
        whole.layers = world.remove_resource().unwrap();
        whole.registry.add::<RumourPanel>();
        whole.registry.tools.add::<WhisperTool>();
        harness.run_steps(3);
        harness
    }

    #[test]
    fn the_panel_opens_with_the_scene_and_tells_the_others() {
        let mut harness = window();
        harness.state_mut().state.inspector.layout.open(RumourPanel::FACTS.key);
        harness.run_steps(3);
        assert!(testing::says(&harness, "1 agent (33\u{202f}%)"));
        let asked = testing::click(&mut harness, testing::Role::Button, "Tell all the others");
        let whisper: Whisper = testing::only(&asked);
        assert_eq!(whisper.select, Selector::Ids(vec![AgentId(1), AgentId(2)]));
        assert_eq!(testing::nameless(&harness), Vec::<String>::new());
    }

    #[test]
    fn the_tool_whispers_where_it_is_used_and_the_layer_has_a_key() {
        let mut harness = window();
        let asked = testing::click(&mut harness, testing::Role::Button, "Whisper");
        assert_eq!(asked, [testing::Action::Tool(agent2028::kit::actions::ToolChange::Take(&WhisperTool::FACTS))]);
        let drawing = Drawing::Disc { at: Vec2::new(1.0, 2.0), radius: 3.0 };
        let effect = WhisperTool::make(&drawing, &(), &harness.state().state.simulation).unwrap();
        let whisper = effect.interventions[0].downcast::<Whisper>().unwrap();
        assert_eq!(whisper.select, Selector::Within { center: Vec2::new(1.0, 2.0), radius: 3.0 });
        harness.key_press_modifiers(testing::egui::Modifiers::ALT, testing::egui::Key::Num0);
        harness.run_steps(3);
        let [testing::Action::View(settings)] = &harness.state_mut().actions.take()[..] else {
            panic!("the layer was not switched")
        };
        assert!(!settings.layers.shows(&HeardLayer::FACTS));
    }
}
