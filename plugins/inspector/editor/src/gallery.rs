//! The gallery: all scenes as cards with pictures, search, tags, recent files and templates to begin with.

use std::collections::BTreeMap;

use agent2028_view::tokens::spacing;
use bevy_egui::egui;
use egui::{
    Align, Button, ColorImage, Context, Id, Key, Label, Layout, Modal, Rect, RichText, ScrollArea, Sense, Stroke,
    TextEdit, TextureHandle, TextureOptions, Ui, WidgetInfo, WidgetType, pos2, vec2,
};
use egui_material_icons::icons::{
    ICON_CLOSE, ICON_FOLDER_OPEN, ICON_IMAGE, ICON_MOVIE, ICON_NOTE_ADD, ICON_SEARCH, ICON_SEARCH_OFF, ICON_WARNING,
};

use crate::actions::{Action, Actions};
use crate::authoring::Template;
use crate::format;
use crate::scene::{SceneEntry, SceneLibrary, ScenePicture, SceneRequest, SceneStatus, SceneTrouble};
use crate::theme::{Look, floating_frame, hairline, measure, radius};
use crate::widgets;

/// What the panel remembers.
#[derive(Default)]
pub struct GalleryState {
    /// Whether the gallery is open.
    pub open: bool,
    /// Only scenes that hold every word of this are shown.
    pub search: String,
    /// Only scenes with this tag are shown.
    pub tag: Option<String>,
    chosen: usize,
    fresh: bool,
    pictures: BTreeMap<String, (ScenePicture, TextureHandle)>,
}

impl std::fmt::Debug for GalleryState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GalleryState").field("open", &self.open).field("search", &self.search).finish_non_exhaustive()
    }
}

impl GalleryState {
    /// Opens the gallery with an empty search.
    pub fn open(&mut self, actions: &mut Actions) {
        if !self.open {
            actions.push(Action::Scene(SceneRequest::Refresh));
        }
        self.open = true;
        self.fresh = true;
        self.search.clear();
        self.tag = None;
        self.chosen = 0;
    }
}

/// A part of the gallery with a title.
struct Part<'a> {
    title: &'static str,
    entries: Vec<&'a SceneEntry>,
}

/// Whether a scene holds every word of the search in what is known about it.
fn matches(entry: &SceneEntry, words: &[String], tag: Option<&str>) -> bool {
    let path = entry.path.as_ref().map_or(String::new(), |path| path.display().to_string());
    let text = format!(
        "{} {} {} {} {} {path}",
        entry.name,
        entry.title,
        entry.description,
        entry.tags.join(" "),
        entry.headline.join(" ")
    )
    .to_lowercase();
    words.iter().all(|word| text.contains(word)) && tag.is_none_or(|tag| entry.tags.iter().any(|own| own == tag))
}

/// Whether every word of the search stands in the scene's name or title.
fn is_called(entry: &SceneEntry, words: &[String]) -> bool {
    let called = format!("{} {}", entry.name, entry.title).to_lowercase();
    words.iter().all(|word| called.contains(word))
}

fn parts<'a>(library: &'a SceneLibrary, state: &GalleryState) -> Vec<Part<'a>> {
    let words: Vec<String> = state.search.split_whitespace().map(str::to_lowercase).collect();
    let pick = |entries: &'a [SceneEntry]| {
        let mut picked: Vec<&SceneEntry> =
            entries.iter().filter(|entry| matches(entry, &words, state.tag.as_deref())).collect();
        // What is called so comes before what only mentions it; otherwise the order stays.
        picked.sort_by_key(|entry| !is_called(entry, &words));
        picked
    };
    let mut parts = vec![
        Part { title: "Built in", entries: pick(&library.entries) },
        Part { title: "Opened lately", entries: pick(&library.recent_entries) },
        Part { title: "My scenes", entries: pick(&library.own) },
    ];
    parts.retain(|part| !part.entries.is_empty());
    parts
}

/// All tags with the number of scenes that have them, the most frequent first.
fn tags(library: &SceneLibrary) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for tag in library.entries.iter().chain(&library.own).flat_map(|entry| &entry.tags) {
        *counts.entry(tag).or_default() += 1;
    }
    let mut tags: Vec<(String, usize)> = counts.into_iter().map(|(tag, count)| (tag.to_owned(), count)).collect();
    tags.sort_by_key(|(tag, count)| (std::cmp::Reverse(*count), tag.clone()));
    tags
}

/// How a scene is opened: by its path, or by the name of a built-in one.
fn request(entry: &SceneEntry) -> SceneRequest {
    SceneRequest::Open(entry.path.as_ref().map_or_else(|| entry.name.clone(), |path| path.display().to_string()))
}

/// Shows the gallery if it is open.
pub fn show(
    ctx: &Context,
    look: &Look,
    library: &SceneLibrary,
    status: &SceneStatus,
    templates: &[Template],
    state: &mut GalleryState,
    actions: &mut Actions,
) {
    if !state.open {
        return;
    }
    let screen = ctx.viewport_rect().size();
    let width = measure::GALLERY.0.min(screen.x - 4.0 * spacing::SECTION);
    let height = measure::GALLERY.1.min(screen.y - 4.0 * spacing::SECTION);
    let modal =
        Modal::new(Id::new("gallery")).frame(floating_frame(look)).backdrop_color(look.scrim()).show(ctx, |ui| {
            ui.set_width(width);
            ui.set_height(height);
            contents(ui, look, library, status, templates, state, actions)
        });
    if modal.should_close() || modal.inner {
        state.open = false;
    }
}

/// What stands in the gallery; true once something was chosen.
fn contents(
    ui: &mut Ui,
    look: &Look,
    library: &SceneLibrary,
    status: &SceneStatus,
    templates: &[Template],
    state: &mut GalleryState,
    actions: &mut Actions,
) -> bool {
    let mut done = head(ui, look, templates, actions);
    filter(ui, look, library, state);
    ui.add_space(spacing::NORMAL);
    let parts = parts(library, state);
    let count: usize = parts.iter().map(|part| part.entries.len()).sum();
    if count == 0 {
        if library.entries.is_empty() && library.own.is_empty() && library.recent_entries.is_empty() {
            let how = "Begin a new scene above, or open a file.";
            widgets::empty(ui, look, ICON_MOVIE, "There are no scenes here", how);
        } else {
            let how = "Search by name, title, what the scene shows, what it is made of, or a metric.";
            widgets::empty(ui, look, ICON_SEARCH_OFF, "No scene matches", how);
        }
        return done;
    }
    state.chosen = state.chosen.min(count - 1);
    let columns = (((ui.available_width() + spacing::WIDE) / (measure::CARD.0 + spacing::WIDE)) as usize).max(1);
    let scroll_to = navigate(ui, &parts, columns, state);
    if ui.input(|input| input.key_pressed(Key::Enter))
        && let Some(entry) = parts.iter().flat_map(|part| &part.entries).nth(state.chosen)
    {
        actions.push(Action::Scene(request(entry)));
        done = true;
    }
    ScrollArea::vertical().id_salt("gallery").auto_shrink([false, false]).show(ui, |ui| {
        let mut index = 0;
        for part in &parts {
            ui.label(look.quiet(part.title));
            ui.add_space(spacing::TIGHT);
            done |= grid(ui, look, part, columns, &mut index, scroll_to, status, state, actions);
            ui.add_space(spacing::WIDE);
        }
    });
    done
}

fn head(ui: &mut Ui, look: &Look, templates: &[Template], actions: &mut Actions) -> bool {
    let mut done = false;
    ui.horizontal(|ui| {
        ui.label(look.large("Scenes"));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = spacing::NORMAL;
            let close = widgets::icon_button(ui, look, ICON_CLOSE, "Close the gallery");
            done |= widgets::tip(close, look, "Close the gallery", "Escape").clicked();
            let open = (look.icon(ICON_FOLDER_OPEN).color(look.secondary), look.body("Open a file"));
            let open = ui.add(Button::new(open));
            widgets::named(ui, &open, WidgetType::Button, "Open a file");
            if open
                .on_hover_text(look.body("Choose a scene file (.ron); dropping it on the window does the same"))
                .clicked()
            {
                actions.push(Action::AskForScene);
                done = true;
            }
            for template in templates.iter().rev() {
                let text = format!("New: {}", template.name.to_lowercase());
                let new = (look.icon(ICON_NOTE_ADD).color(look.secondary), look.body(text.as_str()));
                let new = ui.add(Button::new(new));
                widgets::named(ui, &new, WidgetType::Button, &text);
                if new.on_hover_text(look.body(template.about.as_str())).clicked() {
                    let request = SceneRequest::New { title: template.name.clone(), text: template.text.clone() };
                    actions.push(Action::Scene(request));
                    done = true;
                }
            }
        });
    });
    done
}

fn filter(ui: &mut Ui, look: &Look, library: &SceneLibrary, state: &mut GalleryState) {
    ui.add_space(spacing::TIGHT);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = spacing::TIGHT;
        let icon = look.icon(ICON_SEARCH).color(look.secondary);
        let field = TextEdit::singleline(&mut state.search).prefix(icon).hint_text("Search scenes");
        let field = ui.add(field.desired_width(measure::SCENE_BUTTON));
        widgets::named(ui, &field, WidgetType::TextEdit, "Search scenes");
        if std::mem::take(&mut state.fresh) {
            field.request_focus();
        }
        if field.changed() {
            state.chosen = 0;
        }
        ui.add_space(spacing::NORMAL);
        for (tag, count) in tags(library) {
            let on = state.tag.as_deref() == Some(tag.as_str());
            let label = look.body(format!("{tag} {count}"));
            let chip = ui.add(Button::new(label).selected(on).corner_radius(radius()));
            let enabled = ui.is_enabled();
            chip.widget_info(|| WidgetInfo::selected(WidgetType::Button, enabled, on, format!("Only {tag}")));
            if chip.on_hover_text(look.body(format!("Show only scenes that use {tag}"))).clicked() {
                state.tag = if on { None } else { Some(tag) };
                state.chosen = 0;
            }
        }
    });
}

/// Arrows move the choice among the cards; true if it moved.
fn navigate(ui: &Ui, parts: &[Part], columns: usize, state: &mut GalleryState) -> bool {
    // While the search field is being written in, left and right belong to it.
    let writing = !state.search.is_empty() && ui.ctx().text_edit_focused();
    let (x, y) = ui.input(|input| {
        let pressed = |key: Key| i64::from(input.key_pressed(key));
        let x = if writing { 0 } else { pressed(Key::ArrowRight) - pressed(Key::ArrowLeft) };
        (x, pressed(Key::ArrowDown) - pressed(Key::ArrowUp))
    });
    if x == 0 && y == 0 {
        return false;
    }
    // Rows of all parts: where each begins and how many cards it has.
    let mut rows: Vec<(usize, usize)> = Vec::new();
    let mut start = 0;
    for part in parts {
        let mut left = part.entries.len();
        while left > 0 {
            let count = left.min(columns);
            rows.push((start, count));
            start += count;
            left -= count;
        }
    }
    if rows.is_empty() {
        return false;
    }
    let row = rows.iter().rposition(|(first, _)| *first <= state.chosen).unwrap_or(0);
    let column = state.chosen - rows[row].0;
    state.chosen = if x != 0 {
        (state.chosen as i64 + x).clamp(0, start as i64 - 1) as usize
    } else {
        let next = (row as i64 + y).clamp(0, rows.len() as i64 - 1) as usize;
        rows[next].0 + column.min(rows[next].1 - 1)
    };
    true
}

fn grid(
    ui: &mut Ui,
    look: &Look,
    part: &Part,
    columns: usize,
    index: &mut usize,
    scroll_to: bool,
    status: &SceneStatus,
    state: &mut GalleryState,
    actions: &mut Actions,
) -> bool {
    let mut done = false;
    let gaps = spacing::WIDE * (columns as f32 - 1.0);
    // The scroll bar floats over the right edge.
    let width = (widgets::rest(ui, spacing::WIDE + gaps) / columns as f32).floor();
    let height = (width * measure::PICTURE_SHAPE).round() + measure::CARD.1;
    for row in part.entries.chunks(columns) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = spacing::WIDE;
            for entry in row {
                let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::click());
                let chosen = state.chosen == *index;
                if chosen && scroll_to {
                    ui.scroll_to_rect(rect, None);
                }
                if ui.is_rect_visible(rect) {
                    card(ui, look, entry, rect, &response, chosen, is_current(entry, status), state);
                }
                let title = if entry.title.is_empty() { &entry.name } else { &entry.title };
                let enabled = ui.is_enabled();
                let trouble =
                    entry.trouble.as_ref().map_or(String::new(), |trouble| format!(": {}", in_words(trouble)));
                let label = format!("Scene {title}{trouble}");
                response.widget_info(|| WidgetInfo::selected(WidgetType::Button, enabled, chosen, label.as_str()));
                let response = response.on_hover_ui(|ui| about(ui, look, entry));
                if response.clicked() {
                    state.chosen = *index;
                    actions.push(Action::Scene(request(entry)));
                    done = true;
                }
                *index += 1;
            }
        });
        ui.add_space(spacing::WIDE);
    }
    done
}

fn is_current(entry: &SceneEntry, status: &SceneStatus) -> bool {
    if entry.path.is_some() { entry.path == status.path } else { status.path.is_none() && entry.name == status.name }
}

/// Why a file can't be opened, as it stands on its card.
fn in_words(trouble: &SceneTrouble) -> String {
    match trouble {
        SceneTrouble::Gone => "The file is gone".into(),
        SceneTrouble::Invalid { line, message } => format!("Line {line}: {message}"),
        SceneTrouble::Unreadable => "The file is no scene".into(),
        SceneTrouble::UnreadableFile(why) => format!("Not opened: {}", crate::files::unfit(why)),
    }
}

/// What the pointer brings up: everything that the card has no room for.
fn about(ui: &mut Ui, look: &Look, entry: &SceneEntry) {
    ui.set_max_width(measure::SCENE_LIST);
    if let Some(trouble) = &entry.trouble {
        ui.label(look.body(in_words(trouble)).color(look.danger));
    }
    if !entry.description.is_empty() {
        ui.add(Label::new(look.body(entry.description.as_str())).wrap());
    }
    if let Some((first, others)) = entry.headline.split_first() {
        ui.horizontal_wrapped(|ui| {
            ui.label(look.quiet("Watch"));
            ui.label(look.figure(first.as_str()));
            if !others.is_empty() {
                ui.label(look.quiet(format!("and {}", others.join(", "))));
            }
        });
    }
    if let Some(path) = &entry.path {
        ui.label(look.figure(path.display().to_string()).color(look.secondary));
    }
}

fn card(
    ui: &mut Ui,
    look: &Look,
    entry: &SceneEntry,
    rect: Rect,
    response: &egui::Response,
    chosen: bool,
    current: bool,
    state: &mut GalleryState,
) {
    let picture_height = rect.height() - measure::CARD.1;
    let picture = Rect::from_min_size(rect.min, vec2(rect.width(), picture_height));
    let fill = if response.hovered() { look.raised } else { look.background };
    let stroke = if chosen { Stroke::new(spacing::HAIRLINE * 2.0, look.accent) } else { hairline(look) };
    ui.painter().rect_filled(rect, radius(), fill);
    match texture(ui.ctx(), entry, state) {
        Some(texture) => {
            let source = egui::load::SizedTexture::new(texture, picture.size());
            egui::Image::new(source).fit_to_exact_size(picture.size()).paint_at(ui, picture.shrink(spacing::HAIRLINE));
        }
        None => {
            let icon = if entry.trouble.is_some() { ICON_WARNING } else { ICON_IMAGE };
            let font = egui::FontId::new(spacing::ICON * 2.0, icon.font_family());
            ui.painter().text(picture.center(), egui::Align2::CENTER_CENTER, icon.codepoint, font, look.disabled);
        }
    }
    ui.painter().rect_stroke(rect, radius(), stroke, egui::StrokeKind::Inside);
    let text = Rect::from_min_max(pos2(rect.left(), picture.bottom()), rect.max).shrink(spacing::NORMAL);
    let mut inner = ui.new_child(egui::UiBuilder::new().max_rect(text).layout(Layout::top_down(Align::Min)));
    inner.set_clip_rect(text.intersect(ui.clip_rect()));
    inner.spacing_mut().item_spacing = vec2(spacing::NORMAL, spacing::TIGHT / 2.0);
    let title = if entry.title.is_empty() { entry.name.as_str() } else { entry.title.as_str() };
    inner.horizontal(|ui| {
        if current {
            ui.label(look.icon(ICON_MOVIE).color(look.accent));
        }
        let title = look.strong(title);
        ui.add(Label::new(if entry.trouble.is_some() { title.color(look.secondary) } else { title }).truncate());
    });
    let words = match &entry.trouble {
        Some(trouble) => look.quiet(in_words(trouble)).color(look.danger),
        None => look.quiet(entry.description.as_str()),
    };
    two_lines(&mut inner, words);
    inner.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if entry.agents > 0 {
                ui.label(look.quiet(format::counted(entry.agents, "agent", "agents")));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let tags = entry.tags.join("  ");
                let tags = if tags.is_empty() { entry.name.clone() } else { tags };
                ui.add(Label::new(look.quiet(tags).color(look.info)).truncate());
            });
        });
    });
}

/// Text that ends with an ellipsis after two lines.
fn two_lines(ui: &mut Ui, text: RichText) {
    let width = ui.available_width();
    let mut job = egui::WidgetText::from(text).into_layout_job(ui.style(), egui::FontSelection::Default, Align::Min);
    let mut job = std::sync::Arc::unwrap_or_clone(std::mem::take(&mut job));
    job.wrap = egui::text::TextWrapping { max_width: width, max_rows: 2, ..egui::text::TextWrapping::default() };
    let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
    ui.add_sized(vec2(width, measure::SMALL_LINE * 2.0), |ui: &mut Ui| {
        let (rect, response) = ui.allocate_exact_size(vec2(width, measure::SMALL_LINE * 2.0), Sense::hover());
        ui.painter().galley(rect.min, galley, egui::Color32::PLACEHOLDER);
        response
    });
}

/// The picture on the graphics card; decoded when it is first seen.
fn texture(ctx: &Context, entry: &SceneEntry, state: &mut GalleryState) -> Option<egui::TextureId> {
    let picture = entry.picture.as_ref()?;
    let key = entry.path.as_ref().map_or_else(|| entry.name.clone(), |path| path.display().to_string());
    if let Some((known, texture)) = state.pictures.get(&key)
        && known == picture
    {
        return Some(texture.id());
    }
    let image = decode(&picture.0)?;
    let texture = ctx.load_texture(format!("scene {key}"), image, TextureOptions::LINEAR);
    let id = texture.id();
    state.pictures.insert(key, (picture.clone(), texture));
    Some(id)
}

/// A PNG as egui takes it; nothing if it is none, or larger than a picture of a gallery has reason to be.
fn decode(bytes: &[u8]) -> Option<ColorImage> {
    const MOST: u32 = 2048;
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().ok()?;
    let info = reader.info();
    if info.width > MOST || info.height > MOST {
        return None;
    }
    let mut pixels = vec![0; reader.output_buffer_size()?];
    let info = reader.next_frame(&mut pixels).ok()?;
    let size = [info.width as usize, info.height as usize];
    match info.color_type {
        png::ColorType::Rgb => Some(ColorImage::from_rgb(size, &pixels[..info.buffer_size()])),
        png::ColorType::Rgba => Some(ColorImage::from_rgba_unmultiplied(size, &pixels[..info.buffer_size()])),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn search_and_tags_narrow_down_together() {
        let entry = |name: &str, tags: &[&str], headline: &str| SceneEntry {
            name: name.into(),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            headline: vec![headline.into()],
            ..SceneEntry::default()
        };
        let library = SceneLibrary {
            entries: vec![entry("flock", &["boids"], "boids.order"), entry("ants", &["pheromones"], "pheromones.left")],
            own: vec![entry("mine", &["boids", "pheromones"], "boids.order")],
            ..SceneLibrary::default()
        };
        let names = |search: &str, tag: Option<&str>| {
            let state = GalleryState { search: search.into(), tag: tag.map(str::to_owned), ..GalleryState::default() };
            let parts = parts(&library, &state);
            parts.iter().flat_map(|part| &part.entries).map(|entry| entry.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(names("", None), ["flock", "ants", "mine"]);
        assert_eq!(names("ORDER", None), ["flock", "mine"]);
        assert_eq!(names("order", Some("pheromones")), ["mine"]);
        assert_eq!(names("nothing", None), Vec::<String>::new());
        assert_eq!(tags(&library), [("boids".to_owned(), 2), ("pheromones".to_owned(), 2)]);
    }

    #[test]
    fn what_is_no_picture_is_none() {
        assert!(decode(b"not a picture").is_none());
    }
}
