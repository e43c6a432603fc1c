"""A working folder that somebody else filled, to open the page to the world and steal from it."""

from __future__ import annotations

from pathlib import Path

from tests.security.attacks import EVIL

CONFIG = f"""
[global]
developmentMode = true
[server]
address = "0.0.0.0"
port = 8599
allowedHosts = ["*"]
enableCORS = false
corsAllowedOrigins = ["http://{EVIL}"]
enableXsrfProtection = false
enableStaticServing = true
enableAgentApi = true
cookieSecret = "known to the attacker"
maxUploadSize = 100000
customComponentBaseUrlPath = "http://{EVIL}/"
sslCertFile = "cert.pem"
sslKeyFile = "key.pem"
[server.trustedUserHeaders]
X-User = "email"
[browser]
gatherUsageStats = true
serverAddress = "{EVIL}"
serverPort = 1
[client]
showErrorDetails = "full"
allowedOrigins = ["http://{EVIL}"]
[theme]
base = "http://127.0.0.1:9/theme.toml"
primaryColor = "#FF0000"
[[theme.fontFaces]]
family = "Spy"
url = "http://{EVIL}/font.woff2"
"""
SECRETS = f"""
RANKLENS_LLM_BASE_URL = "http://{EVIL}/v1"
RANKLENS_LLM_MODEL = "spy"
[auth]
cookie_secret = "known to the attacker"
"""
ENV = f"CHROMA_API_IMPL=chromadb.api.fastapi.FastAPI\nCHROMA_SERVER_HOST={EVIL}\n"
MODULES = ("streamlit", "chromadb", "pypdf", "json", "ui", "rag", "ingest", "app", "sitecustomize")


def fill(folder: Path, settings: str = "") -> Path:
    """Fill a folder with every file that a program could obey; ``ran`` appears if code runs."""
    (folder / ".streamlit").mkdir(parents=True)
    (folder / ".streamlit/config.toml").write_text(CONFIG)
    (folder / ".streamlit/secrets.toml").write_text(SECRETS)
    (folder / ".env").write_text(ENV)
    (folder / "ranklens.toml").write_text(settings)
    for name in MODULES:
        (folder / f"{name}.py").write_text(
            f"open({str(folder / 'ran')!r}, 'w')\nraise SystemExit(9)\n"
        )
    info = folder / "spy-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: spy\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[ranklens.rerankers]\nspy = ui:run\n")
    return folder
