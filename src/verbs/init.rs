//! `azlin init`.

use std::fs::File;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::context::{Context, What};
use super::part::Part;
use super::{Exit, Streams, Trouble, document, git, names, target, today};
use crate::azure::sign_in::Profile;
use crate::cli::{Common, Init as Args};
use crate::file::{self, CannotEdit, Starter, find};
use crate::importing::{self, Import, Source};
use crate::model::{Basis, Desired, Hex, Live, Owner, Scope, Shown};
use crate::plan::{self, Action, Aim};
use crate::sandbox;
use crate::show;
use crate::text::shown;

pub(super) async fn run(common: &Common, args: &Args, streams: Streams) -> Result<Exit, Trouble> {
    let path = path(common)?;
    if args.sandbox {
        return try_out(&path, common, streams);
    }
    let owner = match &args.owner {
        Some(name) => Owner::new(name).map_err(|rule| {
            let message = format!("invalid --owner: an owner {rule}");
            Trouble::new(message, "use a name like platform-team or org/repository")
        })?,
        None => likely_owner(find::folder(&path)),
    };
    let context = Context::open_no_file(common, streams)?;
    let scope = |_: &Scope| {
        if args.rg.is_empty() {
            return Scope::Subscription;
        }
        Scope::Groups(args.rg.iter().map(|group| group.to_lowercase()).collect())
    };
    let live = names::read_azure(&context, What::Sessions, &scope).await?;
    streams.warn_incomplete(&live);
    let part = &context.first;
    let (text, desired, import) = compose(part, &live, owner, !args.rg.is_empty())?;
    let name = shown(&path);
    let adopted = adopted(&desired, &live, &name)?;
    create(&path, text.as_bytes()).map_err(|error| cannot_create(&path, &error))?;
    for left_out in &import.left_out {
        streams.warn(&show::not_imported(left_out, &name, context.ids));
    }
    let owner = desired.owner().map_or("", Owner::as_str);
    let with = match import.added.len() {
        0 => "no VM there has a session to add".to_owned(),
        added => format!("it has the {} there", show::count(added, "session")),
    };
    let place = part.place();
    streams.say(&format!(
        "Created {name} with owner {owner} for {place}; {with}.\n"
    ));
    let files = common.files();
    streams.say(&if adopted > 0 {
        format!(
            "Next, run: azlin plan{files}. The plan adopts {}: it adds the owner tag and changes nothing else.\n",
            show::count(adopted, "VM")
        )
    } else {
        format!("Add a line for each VM, then run: azlin plan{files}\n")
    });
    Ok(Exit::Done)
}

/// The path of the new file. It does not exist.
fn path(common: &Common) -> Result<PathBuf, Trouble> {
    let path = match document::named(common).as_slice() {
        [] => PathBuf::from(find::NAME),
        [path] if path.is_dir() => path.join(find::NAME),
        [path] => path.clone(),
        _ => {
            let message = "init creates one file, and several are given";
            return Err(Trouble::new(message, "pass one with --file"));
        }
    };
    if path.symlink_metadata().is_ok() {
        return Err(exists(&path));
    }
    Ok(path)
}

fn exists(path: &Path) -> Trouble {
    let message = format!(
        "{} exists already; init never overwrites a file",
        shown(path)
    );
    let help = "to add the sessions that it lacks, run azlin import; to create another file, pass --file PATH";
    Trouble::new(message, help)
}

fn cannot_create(path: &Path, error: &io::Error) -> Trouble {
    if error.kind() == ErrorKind::AlreadyExists {
        return exists(path);
    }
    Trouble::cannot(
        "create",
        path,
        error,
        "check that you can write to the folder",
    )
}

/// Creates the file `path` with `bytes`, and never overwrites one.
fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// The name of the git repository in `folder` as `org/repository`, or else the name of the folder, if either can be an owner.
fn likely_owner(folder: &Path) -> Owner {
    let url = git::git(folder, &["config", "--get", "remote.origin.url"]).ok();
    let url = url.map(|url| String::from_utf8_lossy(&url).trim().to_owned());
    let repository = url.as_deref().and_then(repository_in);
    let folder = folder.canonicalize().ok();
    let folder = folder.as_deref().and_then(Path::file_name);
    let folder = folder.map(|name| name.to_string_lossy().replace(' ', "-"));
    let mut names = [repository, folder].into_iter().flatten();
    let owner = names.find_map(|name| Owner::new(&name).ok());
    owner.unwrap_or_default()
}

/// The last two names in the `url` of a git remote, such as `org/repository`.
fn repository_in(url: &str) -> Option<String> {
    let url = url.trim_end_matches('/').trim_end_matches(".git");
    let mut names = url.rsplit(['/', ':']);
    let (repository, org) = (names.next()?, names.next()?);
    (!org.is_empty() && !repository.is_empty()).then(|| format!("{org}/{repository}"))
}

/// The text of the file with all sessions of `live` that it can have, what it says, and the sessions.
fn compose(
    part: &Part,
    live: &Live,
    owner: Owner,
    groups_only: bool,
) -> Result<(String, Desired, Import), Trouble> {
    let id = part.arm.subscription().clone();
    // Without a profile of `az`, the subscription has only its id.
    let profile = Profile::load().ok().flatten();
    let called = profile.and_then(|profile| profile.name_of(&id));
    let settings = Starter {
        owner: owner.clone(),
        subscription: id,
        called: called.map(|name| Shown::new(&name)),
        cloud: part.cloud,
        groups_only,
    };
    let mut empty = part.desired.clone();
    empty.basis.owner = Some(owner);
    let import = importing::import(&empty, live, &Source::default());
    let cannot = |CannotEdit| {
        let message = "cannot write the sessions of this subscription into a file";
        Trouble::new(message, "narrow it with --rg")
    };
    let text = file::starter(&settings, &import.edits()).map_err(cannot)?;
    let (file, ..) = file::read(find::NAME, text.as_bytes());
    let file = file.ok_or_else(|| cannot(CannotEdit))?;
    let desired = file.desired(Basis {
        owner: file.owner.clone(),
        file: Shown::new(find::NAME),
        file_sha256: Hex::sha256(text.as_bytes()),
        ..empty.basis
    });
    Ok((text, desired, import))
}

/// The number of VMs that a plan for the new file `name` adopts. It has nothing else to do.
///
/// # Errors
/// It has: the owner has sessions in Azure that the file does not declare.
fn adopted(desired: &Desired, live: &Live, name: &str) -> Result<usize, Trouble> {
    let plan = plan::plan(&[desired], live, &Aim::on(today()));
    let others = plan.changes.iter();
    let others = others
        .filter(|change| change.action != Action::Adopt)
        .count()
        + plan.blocked();
    if others == 0 {
        return Ok(plan.changes.len());
    }
    let owner = desired.owner().map_or("", Owner::as_str);
    let sessions = show::count(others, "session");
    let message = format!(
        "owner {owner} has {sessions} in Azure that {name} cannot declare, so azlin would clear what another file set"
    );
    let help = "choose another owner with --owner NAME; each file has an owner of its own";
    Err(Trouble::new(message, help))
}

/// Creates a file and a sandbox beside it, in which a plan sets, changes and clears.
fn try_out(path: &Path, common: &Common, streams: Streams) -> Result<Exit, Trouble> {
    let state = target::state(find::folder(path));
    if state.symlink_metadata().is_ok() {
        let message = format!(
            "{} exists already; init never overwrites a file",
            shown(state.strip_prefix(".").unwrap_or(&state))
        );
        let help = "to use that sandbox, write a file with cloud = \"sandbox\" beside it; to start over, delete it";
        return Err(Trouble::new(message, help));
    }
    create(path, sandbox::sample().as_bytes()).map_err(|error| cannot_create(path, &error))?;
    let made = sandbox::reset_for_sample(&state).map_err(|error| {
        Trouble::cannot(
            "create",
            &state,
            &error,
            "check that you can write to the folder",
        )
    })?;
    let (name, files) = (shown(path), common.files());
    let vms = show::count(made, "VM");
    streams.say(&format!(
        "Created {name}, and a simulated Azure with {vms} in .azlin beside it.\nNext, run: azlin plan{files}\n"
    ));
    Ok(Exit::Done)
}
