//! What the function's execution role must be allowed.

use lambda_with::{Arn, Function, RoleStatement};

use crate::{DirectS3Read, Efs};

const EFS: [&str; 3] = [
    "elasticfilesystem:ClientMount",
    "elasticfilesystem:ClientWrite",
    "elasticfilesystem:ClientRootAccess",
];
const S3_FILES: [&str; 3] = [
    "s3files:ClientMount",
    "s3files:ClientWrite",
    "s3files:ClientRootAccess",
];

pub(crate) fn statements(efs: &Efs, function: &Function) -> Vec<RoleStatement> {
    let (partition, region) = (function.partition(), function.region());
    let mut statements = Vec::new();
    statements.extend(file_system(efs).map(|file_system| client(efs, &file_system)));
    if let Some(bucket) = efs
        .bucket
        .as_ref()
        .filter(|_| reads_directly(efs, function))
    {
        statements.push(RoleStatement::new(
            ["s3:GetObject", "s3:GetObjectVersion"],
            format!("arn:{partition}:s3:::{bucket}/*"),
            "Lambda reads directly from the bucket behind the file system",
        ));
    }
    statements.push(RoleStatement::new(
        ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"],
        "*",
        "Lambda looks at the function's network, for which EC2 has no resource-level permission",
    ));
    let mut interfaces = RoleStatement::new(
        [
            "ec2:AssignPrivateIpAddresses",
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "ec2:UnassignPrivateIpAddresses",
        ],
        // Ids are not known beforehand, and subnets may be shared by another account.
        format!("arn:{partition}:ec2:{region}:*:network-interface/*"),
        "Lambda makes and removes the function's network interfaces in the VPC",
    );
    let places = ["security-group", "subnet"];
    let places = places.map(|kind| format!("arn:{partition}:ec2:{region}:*:{kind}/*"));
    interfaces.resources.extend(places);
    statements.push(interfaces);
    statements
}

/// Whether Lambda reads from the bucket rather than through the file system.
pub(crate) fn reads_directly(efs: &Efs, function: &Function) -> bool {
    match efs.direct_s3_read.unwrap_or(DirectS3Read::Auto) {
        DirectS3Read::Auto => efs.is_s3_files() && function.memory >= 512,
        DirectS3Read::Enabled => efs.is_s3_files(),
        DirectS3Read::Disabled => false,
    }
}

/// The file system, where the definition tells which it is.
fn file_system(efs: &Efs) -> Option<Arn> {
    match efs.access_point.as_str().split_once("/access-point/") {
        Some((file_system, _)) => file_system.parse().ok(),
        None => efs.file_system.clone(),
    }
}

/// What the function may do with the files, through this access point alone.
fn client(efs: &Efs, file_system: &Arn) -> RoleStatement {
    let (actions, key) = match efs.is_s3_files() {
        true => (S3_FILES, "s3files:AccessPointArn"),
        false => (EFS, "elasticfilesystem:AccessPointArn"),
    };
    let [mount, write, root] = actions;
    let mut actions = vec![mount];
    actions.extend((!efs.read_only).then_some(write));
    actions.extend(efs.root_access.then_some(root));
    RoleStatement::new(
        actions,
        file_system.as_str(),
        "Lambda mounts the file system as the function's role",
    )
    .when("StringEquals", key, efs.access_point.as_str())
}
