//! Pictures in files: written beside their place first, so that nothing half-written ever stands there.

use std::path::{Path, PathBuf};

use agent2028_core::whole_file::write_atomically;

use crate::offscreen::FrameImage;

/// Why a picture or film could not be written.
#[derive(Debug)]
pub enum PictureError {
    /// A file can't be written.
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The frames can't be encoded.
    Encoding {
        /// The file.
        file: PathBuf,
        /// Why.
        reason: String,
    },
    /// Films need ffmpeg.
    NoFfmpeg,
}

impl std::fmt::Display for PictureError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File { file, error } => write!(f, "{}: {error}", file.display()),
            Self::Encoding { file, reason } => write!(f, "{}: {reason}", file.display()),
            Self::NoFfmpeg => f.write_str(
                "films are made by ffmpeg, which was not found. Install it (Debian: apt install ffmpeg), or make a GIF, \
                 which needs no other program: --out film.gif",
            ),
        }
    }
}

impl std::error::Error for PictureError {}

/// Writes a picture as PNG. The file is replaced as a whole.
///
/// # Errors
/// If it can't be written.
pub fn write_png(file: &Path, image: &FrameImage) -> Result<(), PictureError> {
    let encoding = |error: png::EncodingError| PictureError::Encoding { file: file.into(), reason: error.to_string() };
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, image.width, image.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
    let mut writer = encoder.write_header().map_err(encoding)?;
    // The world has an opaque ground.
    let colors: Vec<u8> = image.pixels.chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
    writer.write_image_data(&colors).map_err(encoding)?;
    writer.finish().map_err(encoding)?;
    write_atomically(file, &bytes).map_err(|error| PictureError::File { file: file.into(), error })
}

/// A file in a folder that isn't there yet: `stem.ending`, or `stem-2.ending` and so on. What could not be part of a file's
/// name is left out of the stem.
#[must_use]
pub fn free_name(folder: &Path, stem: &str, ending: &str) -> PathBuf {
    let clean: String = stem
        .chars()
        .map(|letter| if letter.is_alphanumeric() || "-_.".contains(letter) { letter } else { '-' })
        .take(80)
        .collect();
    let clean = clean.trim_matches(['-', '.']);
    let stem = if clean.is_empty() { "picture" } else { clean };
    let name = |number: u32| match number {
        1 => folder.join(format!("{stem}.{ending}")),
        _ => folder.join(format!("{stem}-{number}.{ending}")),
    };
    (1..).map(name).find(|file| !file.exists()).unwrap_or_else(|| name(0))
}

impl FrameImage {
    /// The part of a picture in a rectangle of pixels, which is cut to the picture; none if that is nothing.
    #[must_use]
    pub fn cropped(&self, left: u32, top: u32, width: u32, height: u32) -> Option<Self> {
        let (width, height) = (width.min(self.width.saturating_sub(left)), height.min(self.height.saturating_sub(top)));
        if width == 0 || height == 0 {
            return None;
        }
        let mut pixels = Vec::with_capacity(4 * width as usize * height as usize);
        for row in top..top + height {
            let from = 4 * (row as usize * self.width as usize + left as usize);
            pixels.extend_from_slice(&self.pixels[from..from + 4 * width as usize]);
        }
        Some(Self { width, height, pixels })
    }

    /// A smaller picture: each of its pixels is the mean of `by` × `by` of this one.
    #[must_use]
    pub fn shrunk(self, by: u32) -> Self {
        if by <= 1 || self.width < by || self.height < by {
            return self;
        }
        let (width, height) = (self.width / by, self.height / by);
        let mut pixels = Vec::with_capacity(4 * width as usize * height as usize);
        for y in 0..height {
            for x in 0..width {
                let mut sums = [0_u32; 4];
                for row in y * by..(y + 1) * by {
                    let from = 4 * (row as usize * self.width as usize + (x * by) as usize);
                    for pixel in self.pixels[from..from + 4 * by as usize].chunks_exact(4) {
                        sums.iter_mut().zip(pixel).for_each(|(sum, channel)| *sum += u32::from(*channel));
                    }
                }
                pixels.extend(sums.map(|sum| ((sum + by * by / 2) / (by * by)) as u8));
            }
        }
        Self { width, height, pixels }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(width: u32, height: u32) -> FrameImage {
        let pixels = (0..width * height).flat_map(|at| [at as u8, 0, 0, 255]).collect();
        FrameImage { width, height, pixels }
    }

    #[test]
    fn parts_of_pictures_are_cut_to_them() {
        let picture = numbered(6, 4);
        let part = picture.cropped(4, 1, 9, 2).unwrap();
        assert_eq!((part.width, part.height), (2, 2));
        assert_eq!([part.pixel(0, 0)[0], part.pixel(1, 1)[0]], [10, 17]);
        assert!(picture.cropped(6, 0, 1, 1).is_none());
    }

    #[test]
    fn shrinking_takes_means() {
        let small = numbered(4, 2).shrunk(2);
        assert_eq!((small.width, small.height), (2, 1));
        assert_eq!(small.pixel(0, 0), [3, 0, 0, 255], "the mean of 0, 1, 4 and 5, rounded");
        assert_eq!(numbered(4, 2).shrunk(1), numbered(4, 2));
    }

    #[test]
    fn names_are_free_and_can_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let first = free_name(folder.path(), "My scene: 1/2", "png");
        assert_eq!(first.file_name().unwrap(), "My-scene--1-2.png");
        write_png(&first, &numbered(3, 3)).unwrap();
        assert_eq!(free_name(folder.path(), "My scene: 1/2", "png").file_name().unwrap(), "My-scene--1-2-2.png");
        assert_eq!(free_name(folder.path(), "…/", "gif").file_name().unwrap(), "picture.gif");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no part is left behind");
        let nowhere = folder.path().join("no such folder").join("a.png");
        assert!(matches!(write_png(&nowhere, &numbered(1, 1)), Err(PictureError::File { .. })));
    }
}
