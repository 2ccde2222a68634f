//! What the execution role needs to read a topic of Amazon MSK.

use lambda_with::rules::mapping::{AccessType, grants};
use lambda_with::{Function, RoleStatement};

use crate::Msk;

pub(crate) fn all(msk: &Msk, function: &Function) -> Vec<RoleStatement> {
    let mapping = msk.mapping();
    let cluster = Cluster::of(msk);
    let mut statements = Vec::from(describe(msk));
    statements.extend([grants::network(), grants::logs(function)]);
    if msk.access.is_empty() && !msk.unauthenticated {
        statements.extend(cluster.read(msk));
    }
    if msk
        .access
        .iter()
        .any(|entry| entry.kind == AccessType::SaslScram512Auth)
    {
        statements.push(RoleStatement::new(
            ["kafka:ListScramSecrets"],
            cluster.arn("cluster", ""),
            "Lambda looks for the secret among those of the cluster",
        ));
    }
    statements.extend(grants::secrets(&mapping));
    let why = "the secrets are encrypted with these keys";
    statements.extend(grants::decrypt(&msk.secret_keys, why));
    statements.extend(grants::registry(&mapping));
    let key = msk.on_failure_key.as_ref();
    statements.extend(grants::destination(&mapping, function, key));
    let to = msk
        .on_failure
        .as_deref()
        .and_then(|to| to.strip_prefix("kafka://"));
    statements.extend(to.into_iter().flat_map(|to| cluster.write(to)));
    statements
}

fn describe(msk: &Msk) -> [RoleStatement; 2] {
    let why = "Lambda looks up the cluster and its network";
    let behind_connection = msk.cluster.resource().starts_with("vpc-connection/");
    let describe = if behind_connection {
        let actions = ["kafka:DescribeVpcConnection", "kafka:DescribeClusterV2"];
        let mut describe = RoleStatement::new(actions, msk.cluster.as_str(), why);
        describe.resources.push(Cluster::of(msk).arn("cluster", ""));
        describe
    } else {
        RoleStatement::new(["kafka:DescribeClusterV2"], msk.cluster.as_str(), why)
    };
    let brokers = RoleStatement::new(
        ["kafka:GetBootstrapBrokers"],
        "*",
        "Lambda looks up the brokers, for which Amazon MSK has no resource-level permission",
    );
    [describe, brokers]
}

/// The cluster, as the ARNs of its topics and groups name it.
struct Cluster<'a> {
    partition: &'a str,
    region: &'a str,
    account: &'a str,
    /// Name and UUID: `harbor/3f0b1d5e-…`. The UUID behind a VPC connection is not known.
    path: String,
}

impl<'a> Cluster<'a> {
    fn of(msk: &'a Msk) -> Self {
        let arn = &msk.cluster;
        let steps: Vec<&str> = arn.resource().split('/').collect();
        let (account, path) = match steps[..] {
            ["vpc-connection", owner, name, _] => (owner, format!("{name}/*")),
            ["cluster", name, id] => (arn.account(), format!("{name}/{id}")),
            _ => (arn.account(), "*/*".to_owned()),
        };
        Self {
            partition: arn.partition(),
            region: arn.region(),
            account,
            path,
        }
    }

    fn arn(&self, kind: &str, rest: &str) -> String {
        let Self {
            partition,
            region,
            account,
            path,
        } = self;
        format!("arn:{partition}:kafka:{region}:{account}:{kind}/{path}{rest}")
    }

    /// Signing in by IAM and reading the topic as a member of the group.
    fn read(&self, msk: &Msk) -> [RoleStatement; 3] {
        // The group of a mapping that names none is its UUID, not known before it is made.
        let group = msk.consumer_group.as_deref().unwrap_or("*");
        [
            RoleStatement::new(
                ["kafka-cluster:Connect"],
                self.arn("cluster", ""),
                "the role signs in to the cluster by IAM",
            ),
            RoleStatement::new(
                ["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"],
                self.arn("topic", &format!("/{}", msk.topic)),
                "Lambda reads the topic",
            ),
            RoleStatement::new(
                ["kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"],
                self.arn("group", &format!("/{group}")),
                "Lambda reads as a member of the consumer group",
            ),
        ]
    }

    /// Writing given-up records to another topic: what the guide's policy for it grants.
    fn write(&self, topic: &str) -> [RoleStatement; 2] {
        let mut write = RoleStatement::new(
            [
                "kafka-cluster:Connect",
                "kafka-cluster:DescribeCluster",
                "kafka-cluster:DescribeTopic",
                "kafka-cluster:ReadData",
                "kafka-cluster:WriteData",
            ],
            self.arn("cluster", ""),
            "Lambda writes what it gave up to this topic",
        );
        write
            .resources
            .push(self.arn("topic", &format!("/{topic}")));
        let produce = RoleStatement::new(
            ["kafka:DescribeCluster", "kafka:Produce"],
            self.arn("cluster", ""),
            "Lambda finds the brokers of the topic it writes to",
        );
        [write, produce]
    }
}
