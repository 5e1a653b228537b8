//! The guide: one chapter a topic. `azlin guide` prints it, and rustdoc shows it here.

/// A chapter of the guide.
#[derive(Clone, Copy, Debug)]
pub struct Chapter {
    /// Its topic: the word behind `azlin guide`.
    pub name: &'static str,
    /// Commands that it explains, by which it is found too.
    pub explains: &'static [&'static str],
    /// Its Markdown: a title, a one-line summary, then the text.
    pub text: &'static str,
}

impl Chapter {
    /// The line below the title.
    pub fn summary(&self) -> &'static str {
        self.text.lines().nth(2).unwrap_or_default()
    }
}

/// The chapter on `topic`, which is a chapter's name or a command that one explains.
pub fn chapter(topic: &str) -> Option<&'static Chapter> {
    let named = CHAPTERS.iter().find(|chapter| chapter.name == topic);
    named.or_else(|| {
        CHAPTERS
            .iter()
            .find(|chapter| chapter.explains.contains(&topic))
    })
}

/// Declares a module of rustdoc for each chapter, and the table of them all.
macro_rules! chapters {
    ($($module:ident: $name:literal, explains $explains:expr;)*) => {
        $(
            #[doc = include_str!(concat!($name, ".md"))]
            pub mod $module {}
        )*

        /// Every chapter, in reading order.
        pub const CHAPTERS: &[Chapter] = &[$(
            Chapter {
                name: $name,
                explains: &$explains,
                text: include_str!(concat!($name, ".md")),
            },
        )*];
    };
}

chapters! {
    file: "file", explains ["sessions.toml", "validate"];
    plan: "plan", explains ["apply"];
    ci: "ci", explains ["show"];
    connect: "connect", explains ["ssh", "ssh-config"];
    vms: "vms", explains ["list", "ls", "session", "tag"];
    subscriptions: "subscriptions", explains [];
    sign_in: "sign-in", explains ["whoami"];
    sandbox: "sandbox", explains [];
    errors: "errors", explains [];
    security: "security", explains [];
    shell: "shell", explains ["completions", "man"];
}
