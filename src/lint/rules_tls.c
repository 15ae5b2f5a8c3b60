/* Rules for TLS and certificates (DT4xx). */
#include "lint/rule.h"

static void check_verification_off(struct lint *lint, const struct node *line)
{
    struct diag *diag =
        lint_report(lint, line_name_token(line),
                    "the certificate of this upstream is not verified, so anyone on the way can "
                    "pretend to be it");
    diag_note(lint_diags(lint), diag,
              "trust its certificate instead: `tls_trust_pool file <ca.pem>`, and "
              "`tls_server_name` where the names differ");
}

const struct lint_rule tls_rules[] = {
    {.info = {"DT404", "upstream-verification-disabled",
              "TLS to an upstream without verifying its certificate", SEVERITY_WARNING},
     .caddy = CADDY_SILENT,
     .why = "tls_insecure_skip_verify switches off the one thing that makes TLS to an upstream safe: "
            "checking who answers.\nWhoever can get between the proxy and the upstream reads and "
            "changes everything, passwords and cookies included.",
     .at_run_time = "Caddy connects to whatever answers, with any certificate, expired, self-signed "
                    "or for another name.",
     .bad = "example.com {\n\treverse_proxy https://10.0.0.5 {\n\t\ttransport http {\n"
            "\t\t\ttls_insecure_skip_verify\n\t\t}\n\t}\n}\n",
     .good = "example.com {\n\treverse_proxy https://10.0.0.5 {\n\t\ttransport http {\n"
             "\t\t\ttls_trust_pool file /etc/ssl/upstream.pem\n\t\t}\n\t}\n}\n",
     .on = "tls_insecure_skip_verify",
     .line = check_verification_off},
    {.info = {0}},
};
