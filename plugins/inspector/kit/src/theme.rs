//! The design's tokens for egui: fonts, colours, spacing. No other file of this crate makes a colour or
//! names a size.

use std::collections::BTreeMap;
use std::sync::Arc;

use agent2028_view::tokens::{Rgba8, Theme, motion, spacing, type_size};
use bevy_egui::egui;
use egui::{
    Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, RichText, Shadow, Stroke, TextStyle,
    Vec2, vec2,
};

use crate::format;

/// Sizes of the inspector's own parts, in logical pixels, on the grid of the design's spacings.
pub mod measure {
    use agent2028_view::tokens::{spacing, type_size};

    /// Height of a row with controls.
    pub const CONTROL: f32 = 24.0;
    /// Height of a row of a table.
    pub const TABLE_ROW: f32 = 20.0;
    /// Width of the labels in a column of properties.
    pub const LABEL: f32 = 96.0;
    /// Width of a number that can be edited.
    pub const NUMBER: f32 = 72.0;
    /// Width of the list of scenes.
    pub const SCENE_LIST: f32 = 380.0;
    /// Largest height of the list of scenes.
    pub const SCENE_LIST_HEIGHT: f32 = 420.0;
    /// Width of the button that opens the list of scenes.
    pub const SCENE_BUTTON: f32 = 248.0;
    /// Width of the button that opens the list of scenes, at least.
    pub const SCENE_BUTTON_LEAST: f32 = 96.0;
    /// Width of all other parts of the top bar; of the words in it that tell how fast the run really goes, and of the clock.
    pub const TOP_BAR_REST: (f32, f32, f32) = (704.0, 120.0, 72.0);
    /// Width of a status line that has room for what ticks and frames cost.
    pub const STATUS_LINE: f32 = 760.0;
    /// Width of the menu of layers.
    pub const MENU: f32 = 308.0;
    /// Width of the legend.
    pub const LEGEND: f32 = 188.0;
    /// Height of a scale of colours.
    pub const RAMP: f32 = 8.0;
    /// Width of the scale of a pheromone layer in the legend.
    pub const FIELD_RAMP: f32 = 72.0;
    /// Width of the card of the agent under the pointer.
    pub const HOVER_CARD: f32 = 196.0;
    /// Width of the speed's field.
    pub const SPEED: f32 = 64.0;
    /// Height of a slider: its handle is four fifths as wide.
    pub const SLIDER: f32 = 16.0;
    /// Width of a field for an expression.
    pub const FILTER: f32 = 280.0;
    /// Width of a search field.
    pub const SEARCH: f32 = 200.0;
    /// Width of a small choice, such as a kind of event.
    pub const CHOICE: f32 = 168.0;
    /// Smallest width and height of a plot.
    pub const PLOT: (f32, f32) = (300.0, 108.0);
    /// Width and largest height of a list to pick something from.
    pub const PICKER: (f32, f32) = (280.0, 320.0);
    /// Distance between a plot's grid lines along time and along values: at least this.
    pub const PLOT_GRID: (f32, f32) = (90.0, 34.0);
    /// Width of the numbers at a plot's axis.
    pub const AXIS: f32 = 44.0;
    /// Width of a curve.
    pub const CURVE: f32 = 1.5;
    /// Width and height of a small curve in a row.
    pub const SPARKLINE: (f32, f32) = (96.0, 14.0);
    /// Edge of a colour swatch.
    pub const SWATCH: f32 = 10.0;
    /// Radius of a status dot.
    pub const DOT: f32 = 3.5;
    /// Column of ticks in a table.
    pub const TICK_COLUMN: f32 = 76.0;
    /// Column of kinds in a table.
    pub const KIND_COLUMN: f32 = 168.0;
    /// Column of priorities in a table.
    pub const PRIORITY_COLUMN: f32 = 28.0;
    /// Column of agents in a table.
    pub const AGENT_COLUMN: f32 = 132.0;
    /// Column of metric names in a table.
    pub const NAME_COLUMN: f32 = 240.0;
    /// Column of values in a table.
    pub const VALUE_COLUMN: f32 = 96.0;
    /// Column of units in a table.
    pub const UNIT_COLUMN: f32 = 92.0;
    /// Column of origins in a table.
    pub const ORIGIN_COLUMN: f32 = 64.0;
    /// Width of the sheet of shortcuts.
    pub const SHEET: f32 = 900.0;
    /// Largest width of a subtitle.
    pub const CAPTION: f32 = 640.0;
    /// Largest width of a notice.
    pub const NOTICE: f32 = 520.0;
    /// Width of the chip of what waits.
    pub const PENDING: f32 = 320.0;
    /// The width of the dialog that saves a run.
    pub const SAVE_RUN: f32 = 480.0;
    /// Width of a hint.
    pub const HINT: f32 = 248.0;
    /// Largest width and height of an error report.
    pub const BANNER: (f32, f32) = (860.0, 240.0);
    /// Largest height of the list of selected agents.
    pub const AGENT_LIST: f32 = 220.0;
    /// Largest height of a list that a panel is mostly made of.
    pub const LONG_LIST: f32 = 420.0;
    /// Height of the diagram of what pulls on an agent.
    pub const DIAGRAM: f32 = 148.0;
    /// Width of the names of a decision's inputs.
    pub const INPUT_LABEL: f32 = 116.0;
    /// Height of a bar in a row.
    pub const BAR: f32 = 10.0;
    /// Height of a lane of an agent's life.
    pub const LANE: f32 = 20.0;
    /// Width of the names of what is compared.
    pub const COMPARE_LABEL: f32 = 148.0;
    /// Smallest width of an agent's column in a comparison.
    pub const COMPARE_COLUMN: f32 = 112.0;
    /// Largest height of the list of groups.
    pub const GROUP_LIST: f32 = 132.0;
    /// Width and largest height of the command palette.
    pub const PALETTE: (f32, f32) = (560.0, 360.0);
    /// Distance of the command palette from the window's upper edge.
    pub const PALETTE_TOP: f32 = 72.0;
    /// Height of a row of tabs.
    pub const TAB_BAR: f32 = 28.0;
    /// Smallest width and height that a panel may be dragged to.
    pub const LEAST_PANEL: f32 = 72.0;
    /// Height of a line of small text.
    pub const SMALL_LINE: f32 = type_size::SMALL + spacing::TIGHT;
    /// Width of a digit in the editor's numbers of lines.
    pub const DIGIT: f32 = 8.0;
    /// Height of a problem in the list below the editor: two lines.
    pub const PROBLEM_ROW: f32 = 38.0;
    /// Width of the list of completions.
    pub const COMPLETIONS: f32 = 460.0;
    /// Width of the labels in the form of a scene.
    pub const FORM_LABEL: f32 = 132.0;
    /// Width and height of the gallery's window at most.
    pub const GALLERY: (f32, f32) = (1180.0, 860.0);
    /// Width of a card of the gallery at least, and height of what stands below its picture.
    pub const CARD: (f32, f32) = (256.0, 104.0);
    /// Height of a picture of the gallery, as a share of its width.
    pub const PICTURE_SHAPE: f32 = 9.0 / 16.0;
    /// Width of a question that wants an answer.
    pub const QUESTION: f32 = 460.0;
    /// Height of the list of differences.
    pub const DIFFERENCE: f32 = 320.0;
    /// Column of times in a table.
    pub const DATE_COLUMN: f32 = 104.0;
    /// Width of the dialog that asks for a file, and height of the list in it.
    pub const FILE_DIALOG: (f32, f32) = (760.0, 340.0);
    /// Width of the list of folders to jump to.
    pub const PLACES: f32 = 152.0;
    /// Height of the strip of time.
    pub const STRIP: f32 = 44.0;
    /// Edge of a mark on the strip of time.
    pub const STRIP_MARK: f32 = 9.0;
    /// Height of the rail in the strip of time.
    pub const STRIP_RAIL: f32 = 6.0;
    /// Distance between two labels of the strip of time: at least this.
    pub const STRIP_LABEL: f32 = 150.0;
    /// Width of the choice of a run.
    pub const RUN_CHOICE: f32 = 112.0;
    /// Width of the field for the tick to go to, and of what stands there on the way to it.
    pub const JUMP: f32 = 132.0;
    /// Width from which on two parts of a panel stand side by side.
    pub const BESIDE: f32 = 720.0;
    /// Width of a tier's figures.
    pub const TIER: f32 = 336.0;
    /// The part of a panel that a map takes.
    pub const MAP_SHARE: f32 = 0.4;
    /// Smallest and largest edge of a cell of a map.
    pub const HEAT_CELL: (f32, f32) = (3.0, 24.0);
    /// As many selected agents are marked in a map at most.
    pub const MOST_MARKS: usize = 4096;
    /// How much of its colour keeps what isn't there.
    pub const FAINT: f32 = 0.35;
    /// Column of a short number, such as a latency.
    pub const FIGURE_COLUMN: f32 = 80.0;
    /// How far a chart reaches beyond its largest value.
    pub const HEADROOM: f64 = 1.08;
    /// Smallest and largest scale of the interface.
    pub const SCALES: (f32, f32) = (0.75, 2.5);
    /// Width and height of the smallest window in which the interface finds room, at its own scale.
    pub const LEAST_WINDOW: (f32, f32) = (800.0, 450.0);
}

/// The scale at which the interface is drawn in a window of this size, in logical pixels: the one that was asked for, or
/// the largest at which it finds room. So a scale that was saved on a large screen does no harm on a small one.
#[must_use]
pub fn scale_that_fits(asked: f32, window: Vec2) -> f32 {
    let asked = if asked.is_finite() { asked } else { 1.0 };
    let most = (window.x / measure::LEAST_WINDOW.0).min(window.y / measure::LEAST_WINDOW.1);
    let (least, largest) = measure::SCALES;
    asked.min(most).min(largest).max(least)
}

/// The smallest window that can be made, in logical pixels: one in which the interface finds room at its smallest scale.
#[must_use]
pub fn least_window() -> (f32, f32) {
    (measure::LEAST_WINDOW.0 * measure::SCALES.0, measure::LEAST_WINDOW.1 * measure::SCALES.0)
}

/// The font family of titles.
const SEMIBOLD: &str = "semibold";

/// A colour of the tokens as egui's.
#[must_use]
pub fn color(token: Rgba8) -> Color32 {
    let [red, green, blue, alpha] = token.0;
    Color32::from_rgba_unmultiplied(red, green, blue, alpha)
}

/// The colours of a theme, ready for egui, and the voices in which text is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// Which theme this is.
    pub theme: Theme,
    /// The window behind everything.
    pub background: Color32,
    /// Panels and bars.
    pub panel: Color32,
    /// Buttons, rows under the pointer, floating things.
    pub raised: Color32,
    /// One-pixel lines.
    pub hairline: Color32,
    /// Text.
    pub text: Color32,
    /// Text of less weight.
    pub secondary: Color32,
    /// What can't be used now.
    pub disabled: Color32,
    /// Selection, focus, the primary action.
    pub accent: Color32,
    /// Text on a surface filled with `accent`.
    pub on_accent: Color32,
    /// Something to know.
    pub info: Color32,
    /// In order.
    pub good: Color32,
    /// Needs a look.
    pub warning: Color32,
    /// Failed, attacked, lost.
    pub danger: Color32,
    /// How much of its colour an area keeps that lies behind curves, 0–1.
    pub band: f32,
}

impl Look {
    /// The look of a theme.
    #[must_use]
    pub fn of(theme: Theme) -> Self {
        let tokens = theme.tokens();
        Self {
            theme,
            background: color(tokens.background),
            panel: color(tokens.panel),
            raised: color(tokens.raised),
            hairline: color(tokens.hairline),
            text: color(tokens.text),
            secondary: color(tokens.secondary),
            disabled: color(tokens.disabled),
            accent: color(tokens.accent),
            on_accent: color(tokens.on_accent),
            info: color(tokens.info),
            good: color(tokens.good),
            warning: color(tokens.warning),
            danger: color(tokens.danger),
            band: 0.22,
        }
    }

    /// The colour of the `index`-th category.
    #[must_use]
    pub fn category(&self, index: usize) -> Color32 {
        color(self.theme.tokens().category(index))
    }

    /// What lies over everything while a dialog wants an answer.
    #[must_use]
    pub fn scrim(&self) -> Color32 {
        self.background.gamma_multiply(0.7)
    }

    /// The title of a panel.
    #[must_use]
    pub fn title(&self, text: impl Into<String>) -> RichText {
        RichText::new(text).family(FontFamily::Name(SEMIBOLD.into())).size(type_size::TITLE).color(self.text)
    }

    /// The title of a sheet.
    #[must_use]
    pub fn large(&self, text: impl Into<String>) -> RichText {
        RichText::new(text).family(FontFamily::Name(SEMIBOLD.into())).size(type_size::LARGE).color(self.text)
    }

    /// The title of a section.
    #[must_use]
    pub fn strong(&self, text: impl Into<String>) -> RichText {
        RichText::new(text).family(FontFamily::Name(SEMIBOLD.into())).size(type_size::BODY).color(self.text)
    }

    /// Text to read.
    #[must_use]
    pub fn body(&self, text: impl Into<String>) -> RichText {
        RichText::new(text).size(type_size::BODY).color(self.text)
    }

    /// Labels, units, explanations.
    #[must_use]
    pub fn quiet(&self, text: impl Into<String>) -> RichText {
        RichText::new(text).size(type_size::SMALL).color(self.secondary)
    }

    /// A number, in tabular figures.
    #[must_use]
    pub fn figure(&self, text: impl Into<String>) -> RichText {
        RichText::new(text).monospace().size(type_size::SMALL).color(self.text)
    }

    /// An icon of the design's size.
    #[must_use]
    pub fn icon(&self, icon: egui_material_icons::MaterialIcon) -> RichText {
        icon.rich_text().size(spacing::ICON)
    }
}

/// The fonts: Inter for text, JetBrains Mono for figures, Material Symbols for icons, all within the program.
#[must_use]
pub fn fonts() -> FontDefinitions {
    let icons = egui_material_icons::font_insert();
    let mut font_data: BTreeMap<String, Arc<FontData>> = BTreeMap::new();
    for (name, bytes) in [
        ("inter", include_bytes!("../../../../assets/fonts/Inter-Regular.otf").as_slice()),
        ("inter-semibold", include_bytes!("../../../../assets/fonts/Inter-SemiBold.otf").as_slice()),
        ("jetbrains-mono", include_bytes!("../../../../assets/fonts/JetBrainsMono-Regular.ttf").as_slice()),
        // Two chevrons of our own for the characters by which docks say that there are more tabs; no font above has them.
        ("arrows", include_bytes!("../../../../assets/fonts/Arrows.ttf").as_slice()),
    ] {
        font_data.insert(name.into(), Arc::new(FontData::from_static(bytes)));
    }
    font_data.insert("icons".into(), Arc::new(icons.data));
    let chain = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let mut families = BTreeMap::new();
    families.insert(FontFamily::Proportional, chain(&["inter", "jetbrains-mono", "icons", "arrows"]));
    families.insert(FontFamily::Monospace, chain(&["jetbrains-mono", "inter", "icons"]));
    families.insert(FontFamily::Name(SEMIBOLD.into()), chain(&["inter-semibold", "inter", "icons"]));
    families.insert(FontFamily::Name(egui_material_icons::FONT_FAMILY.into()), chain(&["icons", "inter"]));
    FontDefinitions { font_data, families }
}

/// Dresses a context in a theme; `moving` is false where motion is reduced.
pub fn dress(ctx: &egui::Context, theme: Theme, moving: bool) {
    ctx.set_theme(if theme == Theme::Dark { egui::Theme::Dark } else { egui::Theme::Light });
    ctx.all_styles_mut(|style| dress_style(style, theme, moving));
    ctx.options_mut(|options| options.zoom_with_keyboard = false);
}

fn dress_style(style: &mut egui::Style, theme: Theme, moving: bool) {
    let look = Look::of(theme);
    let semibold = FontFamily::Name(SEMIBOLD.into());
    style.text_styles = BTreeMap::from([
        (TextStyle::Small, FontId::proportional(type_size::SMALL)),
        (TextStyle::Body, FontId::proportional(type_size::BODY)),
        (TextStyle::Button, FontId::proportional(type_size::BODY)),
        (TextStyle::Monospace, FontId::monospace(type_size::SMALL)),
        (TextStyle::Heading, FontId::new(type_size::TITLE, semibold)),
    ]);
    style.drag_value_text_style = TextStyle::Monospace;
    style.number_formatter = egui::style::NumberFormatter::new(format::edited);
    style.animation_time = if moving { motion::QUICK } else { 0.0 };
    style.interaction.tooltip_delay = motion::TOOLTIP_DELAY;
    style.interaction.selectable_labels = false;
    style.explanation_tooltips = false;
    // A caret that blinks would have the whole window drawn twice a second.
    style.visuals.text_cursor.blink = false;

    let gaps = &mut style.spacing;
    gaps.item_spacing = vec2(spacing::NORMAL, spacing::TIGHT);
    gaps.button_padding = vec2(spacing::NORMAL, spacing::TIGHT);
    gaps.interact_size = vec2(measure::CONTROL, measure::CONTROL);
    gaps.window_margin = margin(spacing::WIDE, spacing::WIDE);
    gaps.menu_margin = margin(spacing::NORMAL, spacing::NORMAL);
    gaps.indent = spacing::SECTION;
    gaps.slider_rail_height = spacing::TIGHT;
    gaps.icon_width = spacing::ICON;
    gaps.icon_width_inner = spacing::NORMAL;
    gaps.icon_spacing = spacing::NORMAL;
    gaps.tooltip_width = measure::SCENE_LIST;
    gaps.combo_height = measure::SCENE_LIST_HEIGHT;
    gaps.scroll = egui::style::ScrollStyle::thin();

    let visuals = &mut style.visuals;
    visuals.dark_mode = theme == Theme::Dark;
    visuals.override_text_color = None;
    visuals.weak_text_color = Some(look.secondary);
    visuals.hyperlink_color = look.info;
    visuals.faint_bg_color = look.raised;
    visuals.extreme_bg_color = look.background;
    visuals.text_edit_bg_color = Some(look.background);
    visuals.code_bg_color = look.background;
    visuals.warn_fg_color = look.warning;
    visuals.error_fg_color = look.danger;
    visuals.panel_fill = look.panel;
    visuals.window_fill = look.panel;
    visuals.window_stroke = hairline(&look);
    visuals.window_corner_radius = radius();
    visuals.menu_corner_radius = radius();
    visuals.window_shadow = shadow(theme);
    visuals.popup_shadow = shadow(theme);
    visuals.selection.bg_fill = look.accent.gamma_multiply(0.28);
    visuals.selection.stroke = Stroke::new(spacing::HAIRLINE, look.accent);
    visuals.striped = false;
    visuals.slider_trailing_fill = true;
    visuals.handle_shape = egui::style::HandleShape::Circle;
    visuals.indent_has_left_vline = false;

    let lighter = |share: f32| color(theme.tokens().raised.mix(theme.tokens().text, share));
    let widgets = &mut visuals.widgets;
    let line = |color: Color32| Stroke::new(spacing::HAIRLINE, color);
    for (state, fill, stroke, text) in [
        (&mut widgets.noninteractive, look.panel, look.hairline, look.text),
        (&mut widgets.inactive, look.raised, look.hairline, look.text),
        (&mut widgets.hovered, lighter(0.08), look.hairline, look.text),
        (&mut widgets.active, lighter(0.16), look.accent, look.text),
        (&mut widgets.open, lighter(0.08), look.hairline, look.text),
    ] {
        state.bg_fill = fill;
        state.weak_bg_fill = fill;
        state.bg_stroke = line(stroke);
        state.fg_stroke = line(text);
        state.corner_radius = radius();
        state.expansion = 0.0;
    }
    // Rails and boxes of sliders and check marks need to stand out from the raised ground they lie on.
    widgets.inactive.bg_fill = look.hairline;
}

/// Space around something: to the left and right, above and below.
#[must_use]
pub fn margin(horizontal: f32, vertical: f32) -> Margin {
    Margin::symmetric(horizontal as i8, vertical as i8)
}

/// The corners of everything that has corners.
#[must_use]
pub fn radius() -> CornerRadius {
    CornerRadius::same(spacing::RADIUS as u8)
}

/// The line between things.
#[must_use]
pub fn hairline(look: &Look) -> Stroke {
    Stroke::new(spacing::HAIRLINE, look.hairline)
}

/// The one shadow, below floating things.
#[must_use]
pub fn shadow(theme: Theme) -> Shadow {
    Shadow {
        offset: [0, spacing::TIGHT as i8],
        blur: spacing::SECTION as u8,
        spread: 0,
        color: color(theme.tokens().shadow),
    }
}

/// The frame of a dock or bar.
pub fn panel_frame(look: &Look, horizontal: f32, vertical: f32) -> egui::Frame {
    egui::Frame::new().fill(look.panel).inner_margin(margin(horizontal, vertical))
}

/// A picture in its own colours.
pub const UNTINTED: Color32 = Color32::WHITE;

/// The frame of something that lies flat on the world and is read beside it.
pub fn flat_frame(look: &Look) -> egui::Frame {
    egui::Frame::new()
        .fill(look.panel)
        .stroke(hairline(look))
        .corner_radius(radius())
        .inner_margin(margin(spacing::NORMAL, spacing::NORMAL))
}

/// The type of numbers that are painted, not laid out.
#[must_use]
pub fn figure_font() -> FontId {
    FontId::monospace(type_size::SMALL)
}

/// The type of labels in the world.
#[must_use]
pub fn label_font() -> FontId {
    FontId::proportional(type_size::SMALL)
}

/// The frame of something that floats over the world.
pub fn floating_frame(look: &Look) -> egui::Frame {
    egui::Frame::new()
        .fill(look.panel)
        .stroke(hairline(look))
        .corner_radius(radius())
        .shadow(shadow(look.theme))
        .inner_margin(margin(spacing::WIDE, spacing::NORMAL))
}

/// The size of a square button with an icon.
#[must_use]
pub fn icon_button_size() -> Vec2 {
    Vec2::splat(measure::CONTROL)
}
