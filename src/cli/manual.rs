//! Manual pages, from the same source as the help.

use clap::Command;

use agent2028_core::check::suggest;

use super::{Failure, PROGRAM};

/// The page of the program, or of a verb, in the language of `man`.
pub(super) fn page(program: Command, verbs: &[String]) -> Result<String, Failure> {
    let mut program = without_help(program);
    // Names the commands below as their pages are called: agent2028-ledger-verify.
    program.build();
    let mut page = Vec::new();
    clap_mangen::Man::new(find(&program, verbs)?.clone())
        .render(&mut page)
        .map_err(|error| Failure::Internal(miette::miette!("{error}")))?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

fn without_help(command: Command) -> Command {
    command.disable_help_subcommand(true).mut_subcommands(without_help)
}

/// The command of some verbs, or of the name of its page.
fn find<'c>(program: &'c Command, verbs: &[String]) -> Result<&'c Command, Failure> {
    // No verb has a hyphen of its own.
    let named = verbs.first().and_then(|first| first.strip_prefix(PROGRAM));
    let words: Vec<&str> = match named {
        Some(rest) => {
            let words = rest.split('-').chain(verbs[1..].iter().map(String::as_str));
            words.filter(|word| !word.is_empty()).collect()
        }
        None => verbs.iter().map(String::as_str).collect(),
    };
    let mut command = program;
    for word in words {
        let Some(found) = command.find_subcommand(word) else {
            let help = suggest(word, command.get_subcommands().map(Command::get_name), "verb");
            let above = command.get_bin_name().unwrap_or(PROGRAM);
            return Err(Failure::Input(miette::miette!(help = help, "{above} has no verb \"{word}\"")));
        };
        command = found;
    }
    Ok(command)
}
