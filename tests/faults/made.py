"""Small configurations, certificates and the counting client for the suites here."""
import os, subprocess

here = os.path.dirname(os.path.abspath(__file__))


def simple(port, more="", site="respond \"hi\""):
    # port 80 is not for redirects here: somebody else may have it
    return f"{{\n\tadmin off\n\tskip_install_trust\n\tauto_https disable_redirects\n{more}\n}}\nhttp://:{port} {{\n\tbind 127.0.0.1\n\t{site}\n}}\n"


def make_certificate(folder, name="localhost"):
    """key.new and certificate.new."""
    for kind in "key", "certificate":
        if os.path.exists(f"{folder}/{kind}.new"):
            os.unlink(f"{folder}/{kind}.new")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                    "30", "-keyout", f"{folder}/key.new", "-out", f"{folder}/certificate.new", "-subj", f"/CN={name}",
                    "-addext", f"subjectAltName=DNS:{name}"], check=True, capture_output=True)


def load_program(folder):
    program = os.path.join(folder, "load")
    subprocess.run(["cc", "-D_GNU_SOURCE", "-O2", "-o", program, f"{here}/load.c", "-lssl", "-lcrypto", "-lpthread"],
                   check=True)
    return program
