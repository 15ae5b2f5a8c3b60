#!/usr/bin/env python3
"""What testssl.sh finds of a proxy's TLS: testssl.py BUILD

The certificate is made for the test, so what testssl.sh says of its trust and age does not count;
everything else that it calls low, medium, high or critical is a failure.
"""
import json, os, shutil, socket, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from ports import free_port  # noqa: E402

SERIOUS = ("LOW", "MEDIUM", "HIGH", "CRITICAL")
# of a certificate that nobody knows, and of headers that a site sets itself
OF_THE_TEST = ("cert_trust", "cert_chain_of_trust", "cert_expirationStatus", "cert_notAfter", "cert_revocation",
               "cert_crlDistributionPoints", "cert_ocspURL", "OCSP_stapling", "DNS_CAArecord", "HSTS", "security_headers",
               "cert_subjectAltName", "cert_commonName_wo_SNI", "certificate_transparency", "overall_grade",
               "cert_extlifeSpan", "cert_validityPeriod", "cert_mustStapleExtension", "banner_server", "engine_problem",
               # no renegotiation at all: its probe cannot tell
               "secure_renego",
               # seven days are promised, as by Go; the keys are others after two days at most
               "TLS_session_ticket")


def main():
    build = os.path.abspath(sys.argv[1])
    program = shutil.which("testssl") or shutil.which("testssl.sh")
    if not program:
        print("skipped: no testssl.sh here\n0 passed, 0 failed, 1 skipped")
        return 0
    with tempfile.TemporaryDirectory(prefix="testssl.") as folder:
        port = free_port()
        key, certificate, site, report = (os.path.join(folder, each) for each in ("key.pem", "cert.pem", "Caddyfile", "report"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", key, "-out", certificate, "-days", "60", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
        with open(site, "w") as f:
            f.write(f"{{\n\tadmin off\n\tauto_https off\n}}\nhttps://localhost:{port} {{\n\tbind 127.0.0.1\n"
                    f"\ttls {certificate} {key}\n\trespond hello\n}}\n")
        proxy = subprocess.Popen([f"{build}/dialtone", "run", site], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL, env={**os.environ, "XDG_DATA_HOME": folder})
        try:
            for _ in range(200):
                with socket.socket() as s:
                    if s.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            subprocess.run([program, "--quiet", "--warnings", "off", "--color", "0", "--ip", "one", "--jsonfile", report,
                            "-p", "-s", "-f", "-P", "-S", "-U", f"https://localhost:{port}"], timeout=240,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            alive = proxy.poll() is None
        finally:
            proxy.terminate()
            proxy.wait(10)
        with open(report) as f:
            found = json.load(f)
    bad = [each for each in found if each["severity"] in SERIOUS and each["id"].split(" ")[0] not in OF_THE_TEST]
    for each in bad:
        print(f"FAILED: {each['id']}: {each['severity']}: {each['finding']}")
    if not alive:
        print("FAILED: the proxy is gone")
    if len(found) < 50:
        print(f"FAILED: only {len(found)} answers")
    failed = len(bad) + (not alive) + (len(found) < 50)
    print(f"testssl: {len(found) - len(bad)} passed, {failed} failed")
    return failed != 0


sys.exit(main())
