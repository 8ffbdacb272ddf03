"""The smallest web application that uses what requirements.txt vets: `gunicorn app:application`."""

from flask import Flask

application = Flask(__name__)


@application.get("/")
def index() -> str:
    return "every byte of what serves this page is listed by its sha256\n"
