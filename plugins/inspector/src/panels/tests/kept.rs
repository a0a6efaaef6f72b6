use crate::panels::events::EventsState;
use crate::panels::of_the_host;
use crate::panels::profiler::ProfilerState;
use crate::panels::registry::RegistryState;
use crate::states::States;
use agent2028_kit::panel::{Kept, PanelFacts};
use agent2028_plots::distributions::DistributionsState;
use agent2028_plots::plots::{PlotSetup, PlotsState};

#[test]
fn panels_find_what_they_left_and_pass_over_what_they_no_longer_understand() {
    let registry = of_the_host();
    let mut states = States::default();
    let plots = states.of::<PlotsState>();
    plots.toggle("boids.order");
    plots.plots.push(PlotSetup { from_scene: true, ..PlotSetup::of("a scene's own") });
    states.of::<EventsState>().hidden.insert("AgentFailed".into());
    states.of::<RegistryState>().columns = vec!["Velocity.x".into()];
    states.of::<DistributionsState>().x = "health".into();
    let stranger = Kept::from([("of another program".to_owned(), "(3)".to_owned())]);
    let mut kept = registry.keep(&states, &stranger);
    assert_eq!(kept["of another program"], "(3)");
    kept.insert("profiler".into(), "(page: Sideways)".into());
    let mut back = States::default();
    registry.restore(&mut back, &kept);
    let metrics = back.of::<PlotsState>().metrics().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(metrics, ["boids.order"], "a scene brings its own plots again");
    assert_eq!(back.of::<EventsState>().hidden, states.of::<EventsState>().hidden);
    assert_eq!(back.of::<RegistryState>().columns, ["Velocity.x"]);
    assert_eq!(back.of::<DistributionsState>().x, "health");
    assert!(back.get::<ProfilerState>().is_none());
}

#[test]
fn every_panel_has_a_name_and_a_title_of_its_own() {
    let registry = of_the_host();
    let all: Vec<&PanelFacts> = registry.catalog().iter().collect();
    for (at, facts) in all.iter().enumerate() {
        assert!(facts.help.ends_with('.'), "{}", facts.title);
        assert!(all[..at].iter().all(|other| other.title != facts.title), "{}", facts.title);
    }
    assert_eq!(registry.panels().count(), all.len());
}
