//! Drawing Agent2028's world: agents, fields and camera.
