//! Agent2028: an interactive sandbox for multi-agent coordination.
