//! What can be wrong with a connection to a topic, judged from its definition.

use lambda_with::rules::mapping::{AccessType, SourceKind};
use lambda_with::{Finding, Function};

use crate::{Kafka, lint};

const CONFIGURE: &str = "https://docs.aws.amazon.com/lambda/latest/dg/with-kafka-configure.html";
const AUTHENTICATION: &str = "https://docs.aws.amazon.com/lambda/latest/dg/kafka-cluster-auth.html";

/// Ways to sign in, of which a client has one.
const SIGN_IN: [AccessType; 7] = [
    AccessType::BasicAuth,
    AccessType::ClientCertificateTlsAuth,
    AccessType::IamAuth,
    AccessType::IamOauthbearerAuth,
    AccessType::OauthbearerAuth,
    AccessType::SaslScram256Auth,
    AccessType::SaslScram512Auth,
];

pub(crate) fn check(kafka: &Kafka, function: &Function) -> Vec<Finding> {
    let mapping = kafka.mapping();
    let mut findings = mapping.check(SourceKind::Kafka, function);
    let count = |kinds: &[AccessType]| {
        let entries = kafka.access.iter();
        entries.filter(|entry| kinds.contains(&entry.kind)).count()
    };
    let subnets = count(&[AccessType::VpcSubnet]);
    let groups = count(&[AccessType::VpcSecurityGroup]);
    if (subnets == 0) != (groups == 0) {
        let (there, missing) = match subnets {
            0 => ("security groups", "subnets"),
            _ => ("subnets", "security groups"),
        };
        findings.push(
            Finding::error(
                "LW2501",
                "access",
                format!("there are {there}, and no {missing}"),
            )
            .why("Lambda reaches brokers in a VPC by both together")
            .fix(format!("add the {missing} too, or remove the {there}"))
            .page(CONFIGURE),
        );
    }
    findings.extend(lint::topic("LW2502", &kafka.topic));
    findings.extend(lint::loops("LW2503", &mapping));
    findings.extend(lint::secret_region("LW2505", &mapping, function));
    let ways = count(&SIGN_IN);
    if ways > 1 {
        findings.push(
            Finding::warning(
                "LW2506",
                "access",
                format!("there are {ways} ways to sign in"),
            )
            .why("a client signs in to a broker in one way")
            .fix("keep the one the listener of these ports wants")
            .page(AUTHENTICATION),
        );
    }
    findings
}
