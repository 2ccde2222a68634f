//! What can be wrong with a mount, judged from its definition.

use lambda_with::{Arn, Finding, Function, is_account};

use crate::grants::reads_directly;
use crate::{DirectS3Read, Efs};

const PAGE: &str = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-filesystem.html";
const S3_FILES_PAGE: &str =
    "https://docs.aws.amazon.com/lambda/latest/dg/configuration-filesystem-s3files.html";
const VPC_PAGE: &str = "https://docs.aws.amazon.com/lambda/latest/api/API_VpcConfig.html";
const REGIONS_PAGE: &str = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-filesystem-efs.html#configuration-filesystem-efs-regions";
const TIMEOUTS_PAGE: &str = "https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html#troubleshooting-timeouts";
const DIRECT_PAGE: &str = "https://docs.aws.amazon.com/lambda/latest/api/API_S3FilesConfig.html";

/// How many subnets and security groups a function may have.
const MAX_SUBNETS: usize = 16;
const MAX_SECURITY_GROUPS: usize = 5;

/// A timeout in seconds that a start with a mount may well use up.
const SHORT: u32 = 3;

/// Malaysia, New Zealand, Taipei, Thailand, Calgary.
const WITHOUT_EFS: [&str; 5] = [
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-east-2",
    "ap-southeast-7",
    "ca-west-1",
];

pub(crate) fn check(efs: &Efs, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(access_point(&efs.access_point));
    findings.extend(file_system(efs));
    findings.extend(mount_path(&efs.mount_path));
    findings.extend(region(efs, function));
    findings.extend(network(function));
    findings.extend(direct_reads(efs, function));
    findings.extend(timeout(function));
    findings
}

pub(crate) fn conflicts_within(one: &Efs, other: &Efs) -> Vec<Finding> {
    let what = format!(
        "both `{}` and `{}` are mounted",
        one.mount_path, other.mount_path
    );
    vec![
        Finding::error("LW0411", "mount_path", what)
            .why("a function mounts one file system at most")
            .fix("keep one, and reach the rest through directories of the same file system")
            .page(PAGE),
    ]
}

fn access_point(arn: &Arn) -> Option<Finding> {
    let fits = match (
        arn.service(),
        arn.resource().split('/').collect::<Vec<_>>().as_slice(),
    ) {
        ("elasticfilesystem", ["access-point", id]) => hex_id(id, "fsap-", 17..=17),
        ("s3files", ["file-system", file_system, "access-point", id]) => {
            hex_id(file_system, "fs-", 17..=40) && hex_id(id, "fsap-", 17..=40)
        }
        _ => false,
    };
    let fits =
        fits && !arn.region().is_empty() && is_account(arn.account()) && arn.as_str().len() <= 256;
    (!fits).then(|| {
        Finding::error(
            "LW0401",
            "access_point",
            format!("`{arn}` is no access point"),
        )
        .why("Lambda mounts access points only, not file systems or mount targets")
        .fix(
            "give arn:aws:elasticfilesystem:REGION:ACCOUNT:access-point/fsap-…, or for S3 Files \
                 arn:aws:s3files:REGION:ACCOUNT:file-system/fs-…/access-point/fsap-…",
        )
        .page(PAGE)
    })
}

fn file_system(efs: &Efs) -> Option<Finding> {
    let Some(arn) = &efs.file_system else {
        return (!efs.is_s3_files()).then(|| {
            Finding::error("LW0402", "file_system", "the file system is not named")
                .why("permissions are granted on the file system, which an EFS access point does not tell")
                .fix("give arn:aws:elasticfilesystem:REGION:ACCOUNT:file-system/fs-…")
                .page(PAGE)
        });
    };
    let fits = match (
        arn.service(),
        arn.resource().split('/').collect::<Vec<_>>().as_slice(),
    ) {
        ("elasticfilesystem", ["file-system", id]) => hex_id(id, "fs-", 8..=40),
        ("s3files", ["file-system", id]) => hex_id(id, "fs-", 17..=40),
        _ => false,
    };
    let point = &efs.access_point;
    let place = |arn: &Arn| {
        [arn.partition(), arn.service(), arn.region(), arn.account()].map(str::to_owned)
    };
    let what = if !fits {
        format!("`{arn}` is no file system")
    } else if place(arn) != place(point)
        || efs.is_s3_files() && !point.as_str().starts_with(&format!("{arn}/"))
    {
        format!("`{arn}` is not the file system of `{point}`")
    } else {
        return None;
    };
    Some(
        Finding::error("LW0403", "file_system", what)
            .why("the permission would be for another file system than the one mounted")
            .fix("give the ARN of the file system the access point belongs to")
            .page(PAGE),
    )
}

fn mount_path(path: &str) -> Option<Finding> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let name = path.strip_prefix("/mnt/").unwrap_or_default();
    let what = if name.is_empty() || !name.bytes().all(allowed) {
        "is not one level below `/mnt`, of letters, digits, `-`, `_` and `.`"
    } else if path.len() > 160 {
        "has more than 160 characters"
    } else if matches!(name, "." | "..") {
        "is no directory below `/mnt`"
    } else {
        return None;
    };
    Some(
        Finding::error("LW0404", "mount_path", format!("`{path}` {what}"))
            .why("Lambda refuses any other place")
            .fix("write /mnt/NAME")
            .page(PAGE),
    )
}

fn region(efs: &Efs, function: &Function) -> Option<Finding> {
    let point = &efs.access_point;
    if point.region() != function.region() {
        let what = format!(
            "the access point is in {}, the function in {}",
            point.region(),
            function.region()
        );
        return Some(
            Finding::error("LW0405", "access_point", what)
                .why("a file system is mounted within its Region only")
                .fix("use a file system, or a replica of it, in the function's Region")
                .page(PAGE),
        );
    }
    if !efs.is_s3_files() && WITHOUT_EFS.contains(&function.region()) {
        let what = format!(
            "functions in {} mount no EFS file system",
            function.region()
        );
        return Some(
            Finding::warning("LW0413", "access_point", what)
                .why("Lambda offers it in all commercial Regions but this and four others, as documented today")
                .fix("use another Region")
                .page(REGIONS_PAGE),
        );
    }
    if efs.is_s3_files() && point.account() != function.account() {
        let what = format!(
            "the access point belongs to {}, the function to {}",
            point.account(),
            function.account()
        );
        return Some(
            Finding::error("LW0406", "access_point", what)
                .why("a file system of S3 Files is mounted within its account only")
                .fix("have function and file system in one account")
                .page(S3_FILES_PAGE),
        );
    }
    None
}

fn network(function: &Function) -> Option<Finding> {
    let (subnets, groups) = (function.subnets.len(), function.security_groups.len());
    let what = match (subnets, groups) {
        (0, _) => "the function is attached to no VPC: it names no subnets".to_owned(),
        (_, 0) => "the function names no security groups".to_owned(),
        _ if subnets > MAX_SUBNETS => format!("the function names {subnets} subnets"),
        _ if groups > MAX_SECURITY_GROUPS => {
            format!("the function names {groups} security groups")
        }
        _ => return None,
    };
    if subnets > MAX_SUBNETS || groups > MAX_SECURITY_GROUPS {
        return Some(
            Finding::error("LW0407", "mount_path", what)
                .why("Lambda takes at most 16 subnets and 5 security groups")
                .fix("keep one subnet for each Availability Zone that has a mount target")
                .page(VPC_PAGE),
        );
    }
    Some(
        Finding::error("LW0407", "mount_path", what)
            .why("files are reached through a mount target, which stands in a VPC")
            .fix("set subnets and security_groups of the function; let NFS (port 2049) through between them and the mount targets")
            .page(PAGE),
    )
}

/// The mount belongs to the start of an environment. A start that takes too long is repeated within
/// the timeout of the first invocation.
fn timeout(function: &Function) -> Option<Finding> {
    (function.timeout <= SHORT).then(|| {
        let what = format!(
            "the function has {} s to start again, mount and answer",
            function.timeout
        );
        Finding::warning("LW0412", "mount_path", what)
            .why("a start that a slow mount draws out is repeated within the function's timeout, which may then end it each time")
            .fix("set timeout of the function to 10 or more")
            .page(TIMEOUTS_PAGE)
    })
}

fn direct_reads(efs: &Efs, function: &Function) -> Option<Finding> {
    let field = if efs.direct_s3_read.is_some() {
        "direct_s3_read"
    } else {
        "bucket"
    };
    if !efs.is_s3_files() {
        return (efs.direct_s3_read.is_some() || efs.bucket.is_some()).then(|| {
            Finding::error(
                "LW0408",
                field,
                "there is no bucket behind an EFS file system",
            )
            .why("Lambda refuses the setting for an EFS access point")
            .fix("leave it out, or use an access point of S3 Files")
            .page(DIRECT_PAGE)
        });
    }
    match (&efs.bucket, reads_directly(efs, function)) {
        (None, true) => Some(
            Finding::warning(
                "LW0409",
                "bucket",
                "reads go directly to a bucket the function may not read",
            )
            .why("each falls back to the file system, which has the lower throughput")
            .fix("name the bucket, or set direct_s3_read = \"disabled\"")
            .page(DIRECT_PAGE),
        ),
        (Some(bucket), false) if efs.direct_s3_read == Some(DirectS3Read::Disabled) => Some(
            Finding::warning(
                "LW0410",
                "bucket",
                format!("`{bucket}` is named, and direct reads are off"),
            )
            .why("nothing is granted on the bucket then")
            .fix("leave the bucket out, or direct reads on")
            .page(DIRECT_PAGE),
        ),
        _ => None,
    }
}

fn hex_id(id: &str, prefix: &str, digits: std::ops::RangeInclusive<usize>) -> bool {
    id.strip_prefix(prefix).is_some_and(|id| {
        digits.contains(&id.len())
            && id
                .bytes()
                .all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
    })
}

#[cfg(test)]
mod tests {
    use lambda_with::Integration;

    use super::*;

    const POINT: &str =
        "arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-0c1d2e3f4a5b60718";
    const SYSTEM: &str =
        "arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/fs-0a1b2c3d4e5f60718";
    const S3_SYSTEM: &str =
        "arn:aws:s3files:eu-west-1:123456789012:file-system/fs-0a1b2c3d4e5f60718";

    fn function() -> Function {
        let arn = "arn:aws:lambda:eu-west-1:123456789012:function:classify";
        let mut function = Function::new(arn.parse().unwrap()).unwrap();
        function.subnets = vec!["subnet-1".into()];
        function.security_groups = vec!["sg-1".into()];
        function.timeout = 10;
        function
    }

    fn efs(edit: impl FnOnce(&mut Efs)) -> Efs {
        let mut efs = Efs::new(POINT.parse().unwrap(), "/mnt/models");
        efs.file_system = Some(SYSTEM.parse().unwrap());
        edit(&mut efs);
        efs
    }

    fn s3_files(edit: impl FnOnce(&mut Efs)) -> Efs {
        let point = format!("{S3_SYSTEM}/access-point/fsap-0c1d2e3f4a5b60718");
        let mut efs = Efs::new(point.parse().unwrap(), "/mnt/records");
        edit(&mut efs);
        efs
    }

    fn check(efs: &Efs, function: &Function, expected: &str) {
        let findings = efs.check(function);
        let codes: Vec<&str> = findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes.join(" "), expected, "{efs:?}: {findings:#?}");
        for finding in findings {
            assert!(!finding.why.is_empty() && !finding.fix.is_empty() && !finding.page.is_empty());
        }
    }

    #[test]
    fn mounts() {
        let point = |arn: &str| efs(|efs| efs.access_point = arn.parse().unwrap());
        let system = |arn: &str| efs(|efs| efs.file_system = Some(arn.parse().unwrap()));
        let path = |path: &str| efs(|efs| efs.mount_path = path.into());
        let s3_system = |arn: &str| s3_files(|efs| efs.file_system = Some(arn.parse().unwrap()));
        for (efs, expected) in [
            (efs(|_| ()), ""),
            (s3_files(|_| ()), ""),
            (point(SYSTEM), "LW0401"),
            (point(&POINT[..POINT.len() - 1]), "LW0401"),
            (point(&format!("{POINT}0")), "LW0401"),
            (point(&format!("{POINT}/")), "LW0401"),
            (point(&POINT.replace("0c1d", "0C1D")), "LW0401"),
            (efs(|efs| efs.file_system = None), "LW0402"),
            (system(POINT), "LW0403"),
            (
                system(&SYSTEM.replace("123456789012", "210987654321")),
                "LW0403",
            ),
            (system(S3_SYSTEM), "LW0403"),
            (s3_system(S3_SYSTEM), ""),
            (s3_system(&S3_SYSTEM.replace("0a1b", "0a1c")), "LW0403"),
            (path("/mnt"), "LW0404"),
            (path("/mnt/"), "LW0404"),
            (path("/mnt/models/v2"), "LW0404"),
            (path("/data/models"), "LW0404"),
            (path("/mnt/my models"), "LW0404"),
            (path("/mnt/.."), "LW0404"),
            (path(&format!("/mnt/{}", "m".repeat(156))), "LW0404"),
            (path(&format!("/mnt/{}", "m".repeat(155))), ""),
            (path("/mnt/models-v2_final.1"), ""),
            (
                efs(|efs| efs.direct_s3_read = Some(DirectS3Read::Auto)),
                "LW0408",
            ),
            (
                efs(|efs| efs.bucket = Some("harbor-records".into())),
                "LW0408",
            ),
            (
                s3_files(|efs| efs.direct_s3_read = Some(DirectS3Read::Enabled)),
                "LW0409",
            ),
            (
                s3_files(|efs| efs.bucket = Some("harbor-records".into())),
                "",
            ),
            (
                s3_files(|efs| {
                    efs.bucket = Some("harbor-records".into());
                    efs.direct_s3_read = Some(DirectS3Read::Disabled);
                }),
                "LW0410",
            ),
        ] {
            check(&efs, &function(), expected);
        }
    }

    #[test]
    fn functions() {
        let elsewhere = |arn: &str| {
            let mut function = function();
            function.arn = arn.parse().unwrap();
            function
        };
        let bare = |edit: fn(&mut Function)| {
            let mut function = function();
            edit(&mut function);
            function
        };
        let calgary = efs(|efs| {
            let there = |arn: &str| arn.replace("eu-west-1", "ca-west-1").parse().unwrap();
            efs.access_point = there(POINT);
            efs.file_system = Some(there(SYSTEM));
        });
        let us = elsewhere("arn:aws:lambda:us-east-1:123456789012:function:classify");
        let other = elsewhere("arn:aws:lambda:eu-west-1:210987654321:function:classify");
        for (efs, function, expected) in [
            (efs(|_| ()), &us, "LW0405"),
            (efs(|_| ()), &other, ""),
            (s3_files(|_| ()), &other, "LW0406"),
            (
                efs(|_| ()),
                &bare(|function| function.subnets.clear()),
                "LW0407",
            ),
            (
                efs(|_| ()),
                &bare(|function| function.security_groups.clear()),
                "LW0407",
            ),
            (
                efs(|_| ()),
                &bare(|function| function.subnets = vec!["subnet-1".into(); 17]),
                "LW0407",
            ),
            (
                efs(|_| ()),
                &bare(|function| function.subnets = vec!["subnet-1".into(); 16]),
                "",
            ),
            (
                efs(|_| ()),
                &bare(|function| function.security_groups = vec!["sg-1".into(); 6]),
                "LW0407",
            ),
            (
                s3_files(|_| ()),
                &bare(|function| function.memory = 512),
                "LW0409",
            ),
            (
                efs(|_| ()),
                &bare(|function| function.timeout = 3),
                "LW0412",
            ),
            (s3_files(|_| ()), &bare(|function| function.timeout = 4), ""),
            (
                calgary,
                &elsewhere("arn:aws:lambda:ca-west-1:123456789012:function:classify"),
                "LW0413",
            ),
        ] {
            check(&efs, function, expected);
        }
    }

    #[test]
    fn one_mount_for_each_function() {
        let [one, other] = [efs(|_| ()), s3_files(|_| ())];
        assert_eq!(one.conflicts_within(&other)[0].code, "LW0411");
        assert!(one.conflicts(&other).is_empty());
    }
}
