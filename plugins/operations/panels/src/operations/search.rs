//! What a person looks for among operations, worked out once so that each operation is quickly compared.

use agent2028_core::agent::{AgentGroups, AgentId};
use agent2028_operations::Operations;

use super::{OperationsState, OperationsView};

/// What is looked for.
#[derive(Clone, Debug)]
pub(super) struct Search<'a> {
    text: String,
    number: Option<u64>,
    /// Whether the capability or kind of a class holds the text, by class.
    classes: Vec<bool>,
    /// Whether the title of a workload does, by its place.
    workloads: Vec<bool>,
    /// Whether the name of a group does, by group.
    groups: Vec<bool>,
    agent: Option<AgentId>,
    names: &'a AgentGroups,
    selected: Option<&'a [AgentId]>,
}

impl<'a> Search<'a> {
    pub fn new(view: &OperationsView<'a>, operations: &Operations, state: &OperationsState) -> Self {
        let text = state.filter.trim().to_lowercase();
        let holds = |name: &str| name.to_lowercase().contains(&text);
        let names = view.names();
        Self {
            number: text.strip_prefix('#').unwrap_or(&text).parse().ok(),
            classes: operations.classes().iter().map(|class| holds(&class.capability) || holds(&class.kind)).collect(),
            workloads: view.config().workload.iter().map(|workload| holds(&workload.title())).collect(),
            groups: names.groups().iter().map(|group| holds(&group.name)).collect(),
            agent: names.agent_named(&text),
            names,
            selected: state.only_selected.then_some(view.selected),
            text,
        }
    }

    /// Whether an operation is looked for, by its number, class, workload and agent.
    pub fn admits(&self, number: u64, class: u16, workload: Option<u16>, agent: Option<AgentId>) -> bool {
        if let Some(selected) = self.selected
            && agent.is_none_or(|agent| selected.binary_search(&agent).is_err())
        {
            return false;
        }
        if self.text.is_empty() {
            return true;
        }
        let in_list = |list: &[bool], place: u16| list.get(usize::from(place)).copied().unwrap_or(false);
        if self.agent.is_some() {
            return agent == self.agent;
        }
        self.number == Some(number)
            || in_list(&self.classes, class)
            || workload.is_some_and(|workload| in_list(&self.workloads, workload))
            || agent.and_then(|agent| self.names.group_of(agent)).is_some_and(|group| in_list(&self.groups, group.0))
    }
}
