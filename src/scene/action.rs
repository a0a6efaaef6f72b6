//! The interventions that a scene's timeline, a recording and the command line may name.

use agent2028_boids::intervention as boids;
use agent2028_core::faults;
use agent2028_core::intervention::{AddIntervention, AnyIntervention, Intervention};
use agent2028_core::schema::{Check, Problems};
use agent2028_identity::interventions as identity;
use agent2028_network::interventions as network;
use agent2028_operations::interventions as operations;
use agent2028_pheromones::interventions as pheromones;
use agent2028_trust::interventions as trust;
use bevy::prelude::*;
use bevy::reflect::PartialReflect;
use serde::{Deserialize, Serialize};

/// Something that is done to the simulation: a fault, an attack, or a change.
macro_rules! actions {
    ($($(#[$docs:meta])* $name:ident($kind:ty),)*) => {
        /// Something that is done to a running simulation: a fault, an attack, or a change.
        #[derive(Clone, Debug, PartialEq, Reflect, Serialize, Deserialize)]
        #[reflect(Default)]
        pub enum Action {
            $($(#[$docs])* $name($kind),)*
        }

        impl Action {
            /// The intervention itself.
            #[must_use]
            pub fn intervention(&self) -> AnyIntervention {
                match self {
                    $(Self::$name(action) => AnyIntervention::new(action.clone()),)*
                }
            }

            /// Makes all actions known to an app, those too that its scene has no section for: a timeline may name them, they are
            /// refused when their time comes, and a recording or checkpoint of that run holds them.
            pub(crate) fn register_all(app: &mut App) {
                $(app.add_intervention::<$kind>();)*
            }

            /// The action behind an intervention, if a scene can name it.
            #[must_use]
            pub fn of(intervention: &AnyIntervention) -> Option<Self> {
                $(if let Some(action) = intervention.downcast::<$kind>() {
                    return Some(Self::$name(action.clone()));
                })*
                None
            }

            /// Its fields, to be looked at and changed by reflection.
            #[must_use]
            pub fn fields_mut(&mut self) -> &mut dyn PartialReflect {
                match self {
                    $(Self::$name(action) => action.as_partial_reflect_mut(),)*
                }
            }

            /// Its name.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => <$kind as Intervention>::NAME,)*
                }
            }
        }

        impl Action {
            /// One of each kind, with default values.
            #[must_use]
            pub fn one_of_each() -> Vec<Self> {
                vec![$(Self::$name(<$kind>::default()),)*]
            }
        }

        impl Check for Action {
            fn check(&self, at: &str, problems: &mut Problems) {
                match self {
                    $(Self::$name(action) => action.check(at, problems),)*
                }
            }
        }

        #[cfg(test)]
        const NAMES: &[(&str, &str)] = &[$((stringify!($name), <$kind as Intervention>::NAME),)*];
    };
}

actions! {
    /// Makes agents fail: they stop, do nothing, and nobody perceives them.
    Kill(faults::Kill),
    /// Brings agents back: active, with their own health.
    Restart(faults::Restart),
    /// Makes agents worse at what they do.
    Degrade(faults::Degrade),
    /// Makes agents stand still.
    Freeze(faults::Freeze),
    /// Makes agents come and go.
    Churn(faults::Churn),
    /// Adds agents to a group.
    Spawn(faults::Spawn),
    /// Takes agents out of the world for good.
    Remove(faults::Remove),
    /// Moves agents to another place at once.
    MoveAgents(faults::MoveAgents),
    /// Sets a value of the scene.
    SetParam(faults::SetParam),
    /// Sets a field of a component of agents.
    SetField(faults::SetField),
    /// Gives agents a capability.
    GrantCapability(faults::GrantCapability),
    /// Takes a capability from agents.
    WithdrawCapability(faults::WithdrawCapability),
    /// Changes a formation.
    SetFormation(boids::SetFormation),
    /// Lets a formation dissolve.
    DissolveFormation(boids::DissolveFormation),
    /// Moves a target of flocks.
    MoveTarget(boids::MoveTarget),
    /// Puts an obstacle into the world.
    AddObstacle(boids::AddObstacle),
    /// Takes an obstacle out of the world.
    RemoveObstacle(boids::RemoveObstacle),
    /// Moves an obstacle.
    MoveObstacle(boids::MoveObstacle),
    /// Moves what a formation is built around.
    MoveFormation(boids::MoveFormation),
    /// Lays a false trail.
    SpoofPheromone(pheromones::SpoofPheromone),
    /// Puts a resource into the world.
    DropResource(pheromones::DropResource),
    /// Moves a resource.
    MoveResource(pheromones::MoveResource),
    /// Takes a resource out of the world.
    RemoveResource(pheromones::RemoveResource),
    /// Puts a nest into the world.
    AddNest(pheromones::AddNest),
    /// Moves a nest.
    MoveNest(pheromones::MoveNest),
    /// Takes a nest out of the world.
    RemoveNest(pheromones::RemoveNest),
    /// Puts up a wall that stops foragers.
    AddWall(pheromones::AddWall),
    /// Moves a wall.
    MoveWall(pheromones::MoveWall),
    /// Takes a wall away.
    RemoveWall(pheromones::RemoveWall),
    /// Paints scent.
    PaintPheromone(pheromones::PaintPheromone),
    /// Wipes scent away in a circle.
    ErasePheromone(pheromones::ErasePheromone),
    /// Wipes all scent of a layer away.
    ClearPheromone(pheromones::ClearPheromone),
    /// Cuts the network in two.
    Partition(network::Partition),
    /// Ends partitions.
    Heal(network::Heal),
    /// Lets links lose messages.
    LinkLoss(network::LinkLoss),
    /// Makes links slow.
    LinkLatency(network::LinkLatency),
    /// Lets links deliver messages twice.
    Duplicate(network::Duplicate),
    /// Lets links hold messages up, so that later ones overtake them.
    Reorder(network::Reorder),
    /// Sets clocks wrong.
    ClockSkew(network::ClockSkew),
    /// Lets agents begin a rumour.
    TellRumour(network::TellRumour),
    /// Lets agents raise a false alarm.
    FalseAlert(network::FalseAlert),
    /// Lets workloads ask for more.
    LoadSpike(operations::LoadSpike),
    /// Asks for operations that hold agents for very long.
    SlowLoris(operations::SlowLoris),
    /// Takes a share of what agents can work on at once.
    ResourceExhaustion(operations::ResourceExhaustion),
    /// Lets agents report better of themselves than is so.
    LyingReports(operations::LyingReports),
    /// Takes agents out of the routing.
    Isolate(operations::Isolate),
    /// Lets agents sign in another's name.
    ForgeSignature(identity::ForgeSignature),
    /// Lets agents show another's papers.
    StealDelegation(identity::StealDelegation),
    /// Lets agents say that they are another.
    Impersonate(identity::Impersonate),
    /// Lets agents send messages of others again.
    ReplayMessages(identity::ReplayMessages),
    /// Lets agents make revocation lists in another's name.
    ForgeList(identity::ForgeList),
    /// Lets agents hand out old revocation lists as if they were the newest.
    RollbackList(identity::RollbackList),
    /// Lets agents open channels of others once more.
    ReplayOpening(identity::ReplayOpening),
    /// Lets agents date papers back with stolen keys that were rotated out.
    StealOldKey(identity::StealOldKey),
    /// Lets agents strike suites from what others offer when they open channels.
    StripOffers(identity::StripOffers),
    /// Takes attestations and delegations back.
    RevokePapers(identity::RevokePapers),
    /// Ends all that issuers attested before.
    RaiseEpoch(identity::RaiseEpoch),
    /// Puts new keys in place of old ones.
    RotateKeys(identity::RotateKeys),
    /// Ends identities for good.
    DeactivateIdentity(identity::DeactivateIdentity),
    /// Lets somebody join with many identities that praise each other.
    SybilJoin(trust::SybilJoin),
    /// Lets agents leave and come back under another name when they are trusted too little.
    Whitewash(trust::Whitewash),
    /// Lets agents behave until they are trusted, then betray, and so on.
    OnOff(trust::OnOff),
    /// Lets raters praise some agents whatever those do.
    BallotStuffing(trust::BallotStuffing),
    /// Lets raters run some agents down whatever those do.
    BadMouthing(trust::BadMouthing),
    /// Lets agents work badly, praise each other, and run others down.
    Collude(trust::Collude),
}

impl Default for Action {
    fn default() -> Self {
        Self::Kill(faults::Kill::default())
    }
}

impl Action {
    /// The capability that this action brings into the world, if any.
    #[must_use]
    pub fn granted_capability(&self) -> Option<&str> {
        match self {
            Self::GrantCapability(grant) => Some(&grant.capability),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenes_and_recordings_use_the_same_names() {
        for (variant, name) in NAMES {
            assert_eq!(variant, name);
        }
    }

    #[test]
    fn an_action_survives_the_way_through_the_queue() {
        let action = Action::default();
        assert_eq!(Action::of(&action.intervention()), Some(action));
    }
}
