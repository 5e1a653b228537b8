use std::sync::Barrier;

use serde_json::json;

use super::*;
use crate::sandbox::reset;

const VM: &str = "rg-dev/dev-vm-1";

fn patch(operation: &str, tags: &str) -> String {
    format!(r#"{{"operation":"{operation}","properties":{{"tags":{tags}}}}}"#)
}

fn refused(tags: &str) -> String {
    new().patch_tags(VM, &patch("Merge", tags)).refusal()
}

fn tagged(tags: &str) -> Box {
    holding(&format!(r#"{{"name":"a","group":"g","tags":{tags}}}"#))
}

#[test]
fn the_answer_is_a_tags_resource_of_the_vm_as_it_was_named() {
    let body = new().get(&tags_of("RG-DEV/dev-vm-3")).ok();
    let expected = json!({
        "id": format!("{}/providers/Microsoft.Resources/tags/default", vm("RG-DEV/dev-vm-3")),
        "name": "default",
        "type": "Microsoft.Resources/tags",
        "properties": {"tags": {"azlin_session": "sarah-frontend", "team": "frontend"}},
    });
    assert_eq!(body, expected);
}

#[test]
fn a_vm_without_tags_has_an_empty_tags_resource() {
    assert_eq!(new().tags("rg-dev/dev-vm-2"), "{}");
}

#[test]
fn merge_writes_the_named_tags_and_leaves_the_others() {
    let sandbox = tagged(r#"{"env":"dev","azlin_session":"old"}"#);
    let body = patch("Merge", r#"{"azlin_session":"new","team":"a b"}"#);
    let answer = sandbox.patch_tags("g/a", &body).ok();
    let after = r#"{"azlin_session":"new","env":"dev","team":"a b"}"#;
    assert_eq!(answer["properties"]["tags"].to_string(), after);
    assert_eq!(sandbox.tags("g/a"), after);
}

#[test]
fn replace_leaves_the_named_tags_only() {
    let sandbox = tagged(r#"{"Env":"dev","azlin_session":"old"}"#);
    sandbox
        .patch_tags("g/a", &patch("Replace", r#"{"env":"prod"}"#))
        .ok();
    assert_eq!(sandbox.tags("g/a"), r#"{"Env":"prod"}"#);
}

#[test]
fn delete_with_a_value_removes_the_tag_only_while_it_has_that_value() {
    let sandbox = tagged(r#"{"azlin_session":"mine","env":"dev"}"#);
    sandbox
        .patch_tags("g/a", &patch("Delete", r#"{"azlin_session":"MINE"}"#))
        .ok();
    assert_eq!(
        sandbox.tags("g/a"),
        r#"{"azlin_session":"mine","env":"dev"}"#
    );
    sandbox
        .patch_tags("g/a", &patch("Delete", r#"{"Azlin_Session":"mine"}"#))
        .ok();
    assert_eq!(sandbox.tags("g/a"), r#"{"env":"dev"}"#);
}

#[test]
fn delete_without_a_value_removes_the_tag_by_name() {
    let sandbox = tagged(r#"{"a":"1","b":"2","c":"3"}"#);
    sandbox
        .patch_tags("g/a", &patch("Delete", r#"{"a":null,"B":"","d":null}"#))
        .ok();
    assert_eq!(sandbox.tags("g/a"), r#"{"c":"3"}"#);
}

#[test]
fn names_match_in_any_case_and_keep_the_case_they_had() {
    let sandbox = tagged(r#"{"Azlin_Session":"a"}"#);
    sandbox
        .patch_tags("g/a", &patch("Merge", r#"{"azlin_session":"A"}"#))
        .ok();
    assert_eq!(sandbox.tags("g/a"), r#"{"Azlin_Session":"A"}"#);
}

#[test]
fn removing_the_last_tag_removes_the_key_from_the_vm() {
    let sandbox = tagged(r#"{"a":"1"}"#);
    sandbox
        .patch_tags("g/a", &patch("Delete", r#"{"a":"1"}"#))
        .ok();
    let body = sandbox.get(&format!("{}?{COMPUTE}", vm("g/a"))).ok();
    assert_eq!(body.get("tags"), None);
}

#[test]
fn an_operation_is_spelt_exactly() {
    for operation in ["merge", "MERGE", "Update", ""] {
        let answer = new().patch_tags(VM, &patch(operation, "{}"));
        let refusal = answer.refusal();
        assert!(
            refusal.starts_with("400 InvalidRequestContent"),
            "{refusal}"
        );
    }
}

#[test]
fn content_of_another_shape_is_refused() {
    for body in [
        "{",
        "[]",
        "null",
        "{}",
        r#"{"operation":"Merge"}"#,
        r#"{"operation":"Merge","tags":{"a":"1"}}"#,
        r#"{"operation":"Merge","properties":{}}"#,
        r#"{"operation":"Merge","properties":{"tags":["a"]}}"#,
        r#"{"operation":"Merge","properties":{"tags":{"a":1}}}"#,
        r#"{"operation":"Merge","properties":{"tags":{"a":null}}}"#,
        r#"{"operation":"Merge","properties":{"tags":{"a":{"b":"c"}}}}"#,
        r#"{"operation":"Merge","properties":{"tags":{"a":"1","A":"2"}}}"#,
        r#"{"operation":"Merge","operation":"Merge","properties":{"tags":{}}}"#,
        r#"{"operation":"Merge","properties":{"tags":{}}} x"#,
    ] {
        let refusal = new().patch_tags(VM, body).refusal();
        assert!(
            refusal.starts_with(
                "400 InvalidRequestContent: The request content was invalid and could not be \
                 deserialized: '"
            ),
            "{body}: {refusal}"
        );
    }
}

#[test]
fn content_of_another_media_type_is_refused() {
    let body = patch("Merge", "{}");
    let target = tags_of(VM);
    let send = |content_type| {
        let request = Request {
            content_type,
            ..request("PATCH", &target, &body)
        };
        Answer::of(new().sandbox.answer(&request).whole().unwrap())
    };
    assert_eq!(send(Some("Application/JSON; charset=utf-8")).status, 200);
    insta::assert_snapshot!(send(Some("text/plain")).refusal(), @"415 UnsupportedMediaType: The content media type 'text/plain' is not supported. Only 'application/json' is supported.");
    insta::assert_snapshot!(send(None).refusal(), @"415 UnsupportedMediaType: The content media type '<null>' is not supported. Only 'application/json' is supported.");
}

#[test]
fn reserved_characters_in_a_name_are_refused() {
    for name in [
        "a<", "a>", "a%", "a&", r"a\\", "a?", "a/", r"a\n", r"a\u0000", r"a\u007f",
    ] {
        let refusal = refused(&format!(r#"{{"{name}":"1"}}"#));
        assert!(
            refusal.starts_with("400 InvalidTagNameCharacters"),
            "{name}: {refusal}"
        );
    }
    insta::assert_snapshot!(refused(r#"{"a/b":"1","ok":"2","c?":"3"}"#), @r"400 InvalidTagNameCharacters: The tag names 'a/b, c?' have reserved characters '<,>,%,&,\,?,/' or control characters.");
}

#[test]
fn reserved_characters_are_fine_in_values_and_in_azures_own_tags() {
    let sandbox = tagged("{}");
    let tags = r#"{"hidden-link:/subscriptions/x":"Resource","url":"https://x/?a=1&b=<c>"}"#;
    sandbox.patch_tags("g/a", &patch("Merge", tags)).ok();
    assert_eq!(sandbox.tags("g/a"), tags);
}

#[test]
fn an_empty_name_is_refused() {
    for name in ["", "  "] {
        let refusal = refused(&format!(r#"{{"{name}":"1"}}"#));
        assert!(refusal.starts_with("400 InvalidTagName:"), "{refusal}");
    }
}

#[test]
fn names_and_values_have_their_length() {
    let sandbox = tagged("{}");
    let (name, value) = ("n".repeat(512), "v".repeat(256));
    let fits = format!(r#"{{"{name}":"{value}"}}"#);
    sandbox.patch_tags("g/a", &patch("Merge", &fits)).ok();

    let refusal = refused(&format!(r#"{{"{name}n":""}}"#));
    assert!(refusal.starts_with("400 InvalidTagName: "), "{refusal}");
    assert!(refusal.ends_with("- '512' characters."), "{refusal}");

    for long in [format!("{value}v"), "😀".repeat(129)] {
        let refusal = refused(&format!(r#"{{"a":"{long}"}}"#));
        assert!(
            refusal.starts_with("400 InvalidTagValueLength: "),
            "{refusal}"
        );
        assert!(refusal.ends_with("- '256' characters."), "{refusal}");
    }
}

#[test]
fn a_vm_has_at_most_fifty_tags() {
    let tags: Vec<String> = (0..50).map(|n| format!(r#""t{n}":"v""#)).collect();
    let sandbox = tagged(&format!("{{{}}}", tags.join(",")));
    let refusal = sandbox
        .patch_tags("g/a", &patch("Merge", r#"{"one-more":"v"}"#))
        .refusal();
    insta::assert_snapshot!(refusal, @"400 TooManyTags: The resource would have '51' tags. Maximum allowed number of tags - '50'.");
    sandbox
        .patch_tags("g/a", &patch("Merge", r#"{"T7":"other"}"#))
        .ok();
    sandbox
        .patch_tags("g/a", &patch("Delete", r#"{"t7":null}"#))
        .ok();
    sandbox
        .patch_tags("g/a", &patch("Merge", r#"{"one-more":"v"}"#))
        .ok();
}

#[test]
fn a_locked_vm_keeps_its_tags_and_shows_them() {
    let sandbox = holding(r#"{"name":"a","group":"g","lock":true,"tags":{"x":"1"}}"#);
    let refusal = sandbox
        .patch_tags("g/A", &patch("Merge", r#"{"x":"2"}"#))
        .refusal();
    insta::assert_snapshot!(refusal, @"409 ScopeLocked: The scope '/subscriptions/5a4db0e5-0000-4000-8000-000000000000/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/A' cannot perform write operation because following scope(s) are locked: '/subscriptions/5a4db0e5-0000-4000-8000-000000000000/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/A'. Please remove the lock and try again.");
    assert_eq!(sandbox.tags("g/a"), r#"{"x":"1"}"#);
}

#[test]
fn a_refused_write_leaves_no_trace_on_disk() {
    let sandbox = new();
    sandbox
        .patch_tags("rg-dev/nobody", &patch("Merge", "{}"))
        .refusal();
    sandbox.patch_tags(VM, "{").refusal();
    assert!(!sandbox.state().parent().unwrap().exists());
}

#[test]
fn concurrent_writes_lose_nothing() {
    let sandbox = new();
    reset(&sandbox.state(), Some(20)).unwrap();
    let other = Sandbox::open(sandbox.state(), 200);
    let ready = Barrier::new(2);
    let write_all = |sandbox: &Sandbox, writer: &str| {
        ready.wait();
        for n in 0..100 {
            let target = tags_of(["rg-dev/dev-vm-2", "rg-dev/vm-0005"][n % 2]);
            // Rounds of 20 names stay below the limit of 50 tags.
            let tags = format!(r#"{{"{writer}{}":"{n}"}}"#, n % 20);
            let body = patch("Merge", &tags);
            let response = sandbox
                .answer(&request("PATCH", &target, &body))
                .whole()
                .unwrap();
            assert_eq!(response.status, 200);
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| write_all(&sandbox.sandbox, "left"));
        scope.spawn(|| write_all(&other, "right"));
    });
    for (vm, odd) in [("rg-dev/dev-vm-2", 0), ("rg-dev/vm-0005", 1)] {
        let tags: serde_json::Value = serde_json::from_str(&sandbox.tags(vm)).unwrap();
        assert_eq!(
            tags,
            Answer::of(
                other
                    .answer(&request("GET", &tags_of(vm), ""))
                    .whole()
                    .unwrap()
            )
            .ok()["properties"]["tags"]
        );
        for writer in ["left", "right"] {
            for n in (odd..20).step_by(2) {
                assert_eq!(tags[format!("{writer}{n}")], (80 + n).to_string());
            }
        }
    }
}
