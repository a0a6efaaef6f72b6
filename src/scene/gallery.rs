//! The built-in scenes: the files under `scenes/`, embedded in the program.

macro_rules! scenes {
    ($($name:literal),* $(,)?) => {
        /// Name and text of each built-in scene, in the order in which the gallery shows them.
        pub const SCENES: &[(&str, &str)] = &[
            $(($name, include_str!(concat!("../../scenes/", $name, ".ron"))),)*
        ];

        /// Name and picture (PNG) of each built-in scene. They are golden, too: a test draws them anew and compares.
        #[cfg(feature = "desktop")]
        pub const PICTURES: &[(&str, &[u8])] = &[
            $(($name, include_bytes!(concat!("../../scenes/pictures/", $name, ".png"))),)*
        ];
    };
}

scenes![
    "welcome",
    "flock",
    "formations",
    "predator",
    "foraging",
    "double-bridge",
    "resource-discovery",
    "query-distribution",
    "strategies",
    "load-spike",
    "cross-tier",
    "audited-run",
    "trust-network",
    "trust-routing",
    "sybil",
    "whitewash",
    "ballot-stuffing",
    "on-off",
    "trust-market",
    "sla-breach",
    "wash-trade",
    "price-dump",
    "order-book",
    "task-swarm",
    "auctions",
    "shill",
    "bidding-ring",
    "bid-and-default",
    "gossip",
    "partition",
    "rumour-ttl",
    "swim",
    "byzantine-4",
    "byzantine-7",
    "byzantine-too-many",
    "leader-crash",
    "partition-vote",
    "deploy-gate",
    "wide-area",
    "delegation",
    "sealed-channel",
    "forged-lists",
    "stolen-keys",
    "attenuation",
    "reopened-channels",
    "mixed-suites",
    "murmuration",
    "classic-flock",
    "abmfc-flock-small",
    "abmfc-flock-large",
];

/// The names of the built-in scenes.
pub fn names() -> impl Iterator<Item = &'static str> {
    SCENES.iter().map(|(name, _)| *name)
}

/// The text of a built-in scene.
#[must_use]
pub fn find(name: &str) -> Option<&'static str> {
    SCENES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The picture of a built-in scene.
#[cfg(feature = "desktop")]
#[must_use]
pub fn picture(name: &str) -> Option<&'static [u8]> {
    PICTURES.iter().find(|(known, _)| *known == name).map(|(_, picture)| *picture)
}

/// Width and height of the pictures.
pub const PICTURE_SIZE: (u32, u32) = (480, 270);

/// The tick at which the picture of a scene is taken.
#[must_use]
pub fn picture_tick(name: &str) -> u64 {
    match name {
        // Birds fly in order, food is found, everybody is at work.
        "welcome" | "flock" | "resource-discovery" | "task-swarm" => 900,
        "formations" => 420,
        // A third of the clerks has just failed.
        "audited-run" => 700,
        "predator" | "partition" => 600,
        // Those who lost their papers are refused, and those who never had any.
        "delegation" => 800,
        // Forged lists have shut nearly everybody out; thieves are let in; half is refused; channels begin anew.
        "forged-lists" => 1400,
        "stolen-keys" => 850,
        "attenuation" => 300,
        "reopened-channels" => 750,
        // Of mixed suites: newcomers have no channel; then a weaker one than they could have.
        "sealed-channel" | "mixed-suites" => 500,
        // Trails are laid; trust has grown; the cheap ones have the market to lose.
        "foraging" | "trust-market" | "price-dump" => 1800,
        // Ways are chosen; the market is deceived; a gate waits.
        "double-bridge" | "cross-tier" | "wash-trade" | "deploy-gate" => 1500,
        // A third of the databases has just failed; the queues of the spike are full.
        "query-distribution" | "swim" => 660,
        "load-spike" => 1100,
        // Those who are distrusted have just been found out.
        "trust-network" => 1620,
        "trust-routing" | "sybil" | "ballot-stuffing" | "whitewash" => 1200,
        "on-off" => 1240,
        // Bidders have learnt; those who don't deliver are known.
        "auctions" | "shill" | "bidding-ring" | "bid-and-default" => 1810,
        // The news is on its way; the network is cut; the alert has gone as far as it may; all know who has failed.
        "gossip" => 306,
        "rumour-ttl" => 260,
        // Votes of a cut network, one region of five that is cut off.
        "partition-vote" | "wide-area" => 720,
        // 50 000 birds: each tick takes a while.
        "murmuration" => 120,
        // A third has failed.
        "sla-breach" => 1000,
        _ => 400,
    }
}
