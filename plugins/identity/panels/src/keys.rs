//! Who an agent is to others: its name and keys, what it may use, and the chain that says so, with the link that fails.

use std::time::Duration;

use agent2028_core::agent::{AgentGroups, AgentId};
use agent2028_core::selector::Selector;
use agent2028_core::simulation::Simulation;
use agent2028_identity::config::IdentityConfig;
use agent2028_identity::identities::Identities;
use agent2028_identity::interventions::{DeactivateIdentity, RevokePapers, RotateKeys};
use agent2028_identity::suite::Suite;
use agent2028_identity::timestamp::Timestamp;
use agent2028_identity::validator::{Link as ChainLink, LinkKind};
use agent2028_identity::verdict_of_all_knowing;
use agent2028_view::tokens::spacing;
use bevy::prelude::World;
use bevy_egui::egui;
use egui::{Align, Label, Layout, Ui, WidgetType};
use egui_material_icons::icons::{
    ICON_AUTORENEW, ICON_BLOCK, ICON_CHECK, ICON_CLOSE, ICON_CONTENT_COPY, ICON_HORIZONTAL_RULE, ICON_WARNING,
};

use agent2028_kit::actions::{Action, Actions};
use agent2028_kit::format;
use agent2028_kit::panel::{AgentTab, PanelContext, TabFacts};
use agent2028_kit::theme::{Look, measure};
use agent2028_kit::widgets;

/// So many papers are told about at most.
const MOST_PAPERS: usize = 32;

/// While a simulation runs, signatures of a chain are looked at only this often.
const EVERY: Duration = Duration::from_millis(250);

/// A generation of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFacts {
    /// The beginning of the keys' digest.
    pub fingerprint: String,
    /// Since when they are in force.
    pub since: String,
}

/// A link of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkFacts {
    /// What it is.
    pub kind: LinkKind,
    /// Who issued it, and for whom.
    pub hands: (String, String),
    /// What it allows.
    pub capability: String,
    /// When it ends.
    pub until: String,
    /// The beginning of its number; empty for a proof of control.
    pub fingerprint: String,
    /// Whether it holds, or why it doesn't; nothing if an earlier link fails.
    pub outcome: Option<Result<(), String>>,
}

/// Whether the agent may use a capability, and the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainFacts {
    /// The capability.
    pub capability: String,
    /// Why not, unless it may.
    pub error: Option<String>,
    /// The chain, from the root to the agent.
    pub links: Vec<LinkFacts>,
}

/// What others know of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeysFacts {
    /// Its identifier.
    pub did: String,
    /// Its keys' suite.
    pub suite: &'static str,
    /// What there is to know about the suite.
    pub advisory: Option<&'static str>,
    /// When the identity ended, if it did.
    pub ended: Option<String>,
    /// Its keys, the newest first.
    pub keys: Vec<KeyFacts>,
    /// Whether its document holds from the first keys to the last, or why it doesn't.
    pub document: Result<(), String>,
    /// What it may use.
    pub chains: Vec<ChainFacts>,
    /// How many papers it holds, and how many it has given.
    pub papers: (u64, u64),
    /// How many revocation lists it knows, of how many there are.
    pub lists: (u64, u64),
    /// Sealed channels: with whom, and how many messages it has sent and received.
    pub channels: Vec<(String, u64, u64)>,
}

impl KeysFacts {
    /// What is known of an agent in a world, if it has keys.
    #[must_use]
    pub fn of(world: &World, agent: AgentId) -> Option<Self> {
        let (identities, config) = (world.get_resource::<Identities>()?, world.get_resource::<IdentityConfig>()?);
        let groups = world.get_resource::<AgentGroups>()?;
        let document = identities.document_of(agent)?;
        let state = identities.state();
        let place = state.place(agent.0)?;
        let suite = state.members[place].suite;
        let mine = state.papers.iter().filter(|paper| paper.to == agent.0);
        let known: u32 = state.known.values().map(|known| known[place]).sum();
        let channels = state.channels.iter().filter_map(|channel| {
            let end = channel.ends.iter().position(|end| *end == agent.0)?;
            let other = groups.name_of(AgentId(channel.ends[1 - end]));
            let other = match (channel.suite, channel.refused) {
                (Some(used), _) if used != suite => format!("{other}, {used}"),
                (None, Some(_)) => format!("{other}, not open"),
                _ => other,
            };
            Some((other, channel.sent[end], channel.sent[1 - end]))
        });
        Some(Self {
            did: document.did.to_string(),
            suite: suite.name(),
            advisory: suite.suite().and_then(Suite::advisory),
            ended: document.deactivated.as_ref().map(|signature| signature.at.to_string()),
            keys: document
                .history
                .iter()
                .rev()
                .map(|record| KeyFacts {
                    fingerprint: record.keys.id().0.fingerprint(),
                    since: record.from.to_string(),
                })
                .collect(),
            document: document.verify().map_err(|error| error.to_string()),
            chains: chains(world, identities, config, groups, agent),
            papers: (
                mine.count() as u64,
                state.papers.iter().filter(|paper| paper.signer.0 == agent.0 && paper.by == agent.0).count() as u64,
            ),
            lists: (u64::from(known), state.lists.values().map(|lists| lists.len() as u64).sum()),
            channels: channels.take(MOST_PAPERS).collect(),
        })
    }
}

/// What the agent holds papers for, what it asked for last and what its group asks for, each with its chain.
fn chains(
    world: &World,
    identities: &Identities,
    config: &IdentityConfig,
    groups: &AgentGroups,
    agent: AgentId,
) -> Vec<ChainFacts> {
    let state = identities.state();
    let group = groups.group_of(agent).and_then(|group| groups.get(group)).map_or("", |group| group.name.as_str());
    let mut wanted: Vec<(&str, &str)> = Vec::new();
    let rules = config.requests.iter().filter(|rule| rule.by == group);
    wanted.extend(rules.map(|rule| (rule.capability.as_str(), rule.at.as_str())));
    let attacks = state.attacks.iter().filter(|attack| attack.agent == agent.0);
    wanted.extend(attacks.map(|attack| (state.name_of(attack.capability), "")));
    let papers = state.papers.iter().filter(|paper| paper.to == agent.0).take(MOST_PAPERS);
    wanted.extend(papers.map(|paper| (state.name_of(paper.capability), "")));
    let mut chains: Vec<ChainFacts> = Vec::new();
    for (capability, audience) in wanted {
        if capability.is_empty() || chains.iter().any(|chain| chain.capability == capability) {
            continue;
        }
        // Nothing only if the agent has no keys, and it has.
        let Some(verdict) = verdict_of_all_knowing(world, agent, capability, audience) else {
            continue;
        };
        chains.push(ChainFacts {
            capability: capability.into(),
            error: verdict.error.as_ref().map(ToString::to_string),
            links: verdict.links.iter().map(|link| link_facts(identities, groups, link)).collect(),
        });
    }
    chains
}

fn link_facts(identities: &Identities, groups: &AgentGroups, link: &ChainLink) -> LinkFacts {
    let name = |did| identities.agent_of(did).map_or_else(|| "somebody unknown".into(), |agent| groups.name_of(agent));
    LinkFacts {
        kind: link.kind,
        hands: (name(link.by), name(link.to)),
        capability: link.capability.clone(),
        until: if link.until == Timestamp::NEVER { "for good".into() } else { format!("until {}", link.until) },
        fingerprint: if link.kind == LinkKind::Control { String::new() } else { link.id.fingerprint() },
        outcome: link.outcome.as_ref().map(|outcome| outcome.as_ref().map(|_| ()).map_err(ToString::to_string)),
    }
}

/// What was found out about the selected agent.
#[derive(Debug, Default)]
pub struct KeysCache {
    of: Option<(u64, u64, AgentId)>,
    at: f64,
    facts: Option<KeysFacts>,
}

impl KeysCache {
    /// What is known of an agent as of now, or of a moment ago; `now` is real time in seconds.
    pub fn follow(&mut self, simulation: &Simulation, agent: AgentId, now: f64) -> Option<&KeysFacts> {
        let key = (simulation.generation(), simulation.tick(), agent);
        let soon = (0.0..EVERY.as_secs_f64()).contains(&(now - self.at))
            && self.of.is_some_and(|(generation, _, of)| (generation, of) == (key.0, agent));
        if self.of != Some(key) && !soon {
            (self.of, self.at) = (Some(key), now);
            self.facts = KeysFacts::of(simulation.world(), agent);
        }
        self.facts.as_ref()
    }
}

/// The tab of an agent's keys and papers.
#[derive(Clone, Copy, Debug)]
pub struct KeysTab;

impl AgentTab for KeysTab {
    type State = KeysCache;
    const FACTS: TabFacts = TabFacts { label: "Keys", help: "Who it is to others, what it may use, and why" };

    fn follow(simulation: &Simulation, agent: AgentId, state: &mut KeysCache, now: f64) -> bool {
        state.follow(simulation, agent, now).is_some()
    }

    fn show(ui: &mut Ui, context: &mut PanelContext, agent: AgentId, state: &mut KeysCache) {
        if let Some(facts) = &state.facts {
            show(ui, context.look, agent, facts, context.actions);
        }
    }
}

/// Shows the keys and papers.
pub fn show(ui: &mut Ui, look: &Look, agent: AgentId, facts: &KeysFacts, actions: &mut Actions) {
    let copy = |ui: &mut Ui| {
        let response = widgets::icon_button(ui, look, ICON_CONTENT_COPY, "Copy the identifier");
        if widgets::tip(response, look, "Copy the identifier", "").clicked() {
            actions.push(Action::Copy(facts.did.clone()));
        }
    };
    widgets::section(ui, look, "Name", copy, |ui| name(ui, look, facts));
    let count = format::counted(facts.keys.len() as u64, "generation", "generations");
    let trailing = |ui: &mut Ui| {
        ui.label(look.quiet(count));
    };
    widgets::section(ui, look, "Keys", trailing, |ui| keys(ui, look, facts));
    for chain in &facts.chains {
        ui.push_id(&chain.capability, |ui| {
            let (word, tint) = if chain.error.is_none() { ("may", look.good) } else { ("may not", look.danger) };
            let trailing = |ui: &mut Ui| {
                ui.label(look.quiet(word).color(tint));
            };
            widgets::section(ui, look, &chain.capability, trailing, |ui| show_chain(ui, look, chain));
        });
    }
    if !facts.channels.is_empty() {
        let trailing = |ui: &mut Ui| {
            ui.label(look.quiet("sent, received"));
        };
        widgets::section(ui, look, "Sealed channels", trailing, |ui| {
            for (other, sent, received) in &facts.channels {
                let counts = format!("{} {}", format::count(*sent), format::count(*received));
                widgets::property_text(ui, look, other, look.figure(counts));
            }
        });
    }
    changes(ui, look, agent, facts, actions);
}

fn name(ui: &mut Ui, look: &Look, facts: &KeysFacts) {
    ui.add(Label::new(look.figure(facts.did.as_str())).wrap());
    let (icon, tint, words) = match (&facts.document, &facts.ended) {
        (Err(error), _) => (ICON_CLOSE, look.danger, error.clone()),
        (Ok(()), Some(ended)) => (ICON_BLOCK, look.warning, format!("ended at {ended}, for good")),
        (Ok(()), None) => (ICON_CHECK, look.good, "the hash of its first keys; its document holds".into()),
    };
    line(ui, look, icon, tint, &words);
    widgets::property_text(ui, look, "Suite", look.figure(facts.suite));
    if let Some(advisory) = facts.advisory {
        line(ui, look, ICON_WARNING, look.warning, advisory);
    }
    let (held, given) = (format::count(facts.papers.0), format::count(facts.papers.1));
    widgets::property_text(ui, look, "Papers", look.figure(format!("{held} held, {given} given")));
    if facts.lists.1 > 0 {
        let (known, all) = (format::count(facts.lists.0), format::count(facts.lists.1));
        widgets::property_text(ui, look, "Revocations", look.figure(format!("knows {known} of {all} lists")));
    }
}

/// An icon and words beside it, which wrap.
fn line(ui: &mut Ui, look: &Look, icon: egui_material_icons::MaterialIcon, tint: egui::Color32, words: &str) {
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        ui.label(look.icon(icon).color(tint));
        ui.add(Label::new(look.quiet(words).color(look.text)).wrap());
    });
}

fn keys(ui: &mut Ui, look: &Look, facts: &KeysFacts) {
    for (at, key) in facts.keys.iter().enumerate() {
        let tint = if at == 0 { look.text } else { look.secondary };
        ui.horizontal(|ui| {
            ui.label(look.figure(key.fingerprint.as_str()).color(tint));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.add(Label::new(look.quiet(format!("since {}", key.since))).truncate());
            });
        });
    }
}

const fn word(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::Issuer => "Issuer",
        LinkKind::Attestation => "Attestation",
        LinkKind::Delegation => "Delegation",
        LinkKind::Control => "Use",
    }
}

fn show_chain(ui: &mut Ui, look: &Look, chain: &ChainFacts) {
    if chain.links.is_empty() {
        ui.add(Label::new(look.quiet("It holds no papers for this.")).wrap());
        return;
    }
    for link in &chain.links {
        let (icon, tint) = match &link.outcome {
            None => (ICON_HORIZONTAL_RULE, look.disabled),
            Some(Ok(())) => (ICON_CHECK, look.good),
            Some(Err(_)) => (ICON_CLOSE, look.danger),
        };
        let faint = if link.outcome.is_none() { look.secondary } else { look.text };
        let response = ui
            .horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = spacing::TIGHT;
                ui.label(look.icon(icon).color(tint));
                ui.vertical(|ui| {
                    ui.spacing_mut().item_spacing.y = 0.0;
                    let (by, to) = &link.hands;
                    let hands = match link.kind {
                        LinkKind::Control => format!("{} by {to}", word(link.kind)),
                        _ => format!("{}: {by} to {to}", word(link.kind)),
                    };
                    ui.add(Label::new(look.body(hands).color(faint)).truncate());
                    ui.add(Label::new(look.quiet(format!("{}, {}", link.capability, link.until))).truncate());
                    if let Some(Err(error)) = &link.outcome {
                        ui.add(Label::new(look.quiet(error.as_str()).color(look.danger)).wrap());
                    }
                });
            })
            .response;
        let state = match &link.outcome {
            None => "not asked, an earlier link fails".to_owned(),
            Some(Ok(())) => "holds".into(),
            Some(Err(error)) => error.clone(),
        };
        widgets::named(ui, &response, WidgetType::Label, &format!("{}: {state}", word(link.kind)));
        let number = if link.fingerprint.is_empty() { state } else { format!("{state}\nNumber {}", link.fingerprint) };
        response.on_hover_text(look.body(number));
        ui.add_space(spacing::TIGHT);
    }
}

fn changes(ui: &mut Ui, look: &Look, agent: AgentId, facts: &KeysFacts, actions: &mut Actions) {
    let select = || Selector::Ids(vec![agent]);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        let width = ((ui.available_width() - 2.0 * spacing::TIGHT) / 3.0).floor().max(measure::CONTROL);
        ui.add_enabled_ui(facts.ended.is_none(), |ui| {
            let response = widgets::verb_button(ui, look, ICON_AUTORENEW, look.info, "Rotate", width);
            if widgets::tip(response, look, "New keys in place of the old ones; name and papers stay.", "").clicked() {
                actions.intervene(RotateKeys { select: select() });
            }
        });
        ui.add_enabled_ui(facts.papers.0 > 0, |ui| {
            let response = widgets::verb_button(ui, look, ICON_BLOCK, look.warning, "Revoke", width);
            if widgets::tip(response, look, "Whoever gave it papers takes them back.", "").clicked() {
                actions.intervene(RevokePapers { select: select(), capability: String::new() });
            }
        });
        ui.add_enabled_ui(facts.ended.is_none(), |ui| {
            let response = widgets::verb_button(ui, look, ICON_CLOSE, look.danger, "End", width);
            if widgets::tip(response, look, "Its identity ends, for good.", "").clicked() {
                actions.intervene(DeactivateIdentity { select: select() });
            }
        });
    });
}
