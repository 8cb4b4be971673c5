# The dashboard with what draws its pictures. Data: mount a store at /app/datasets, or use the committed one.
FROM python:3.11-slim

RUN apt-get update \
    && apt-get install -y --no-install-recommends chromium fonts-liberation fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
RUN useradd --create-home monitor && chown -R monitor /app/datasets
USER monitor

ENV MONITOR_BROWSER=/usr/bin/chromium
EXPOSE 8501
HEALTHCHECK CMD python -c "import urllib.request as r; r.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=5)"
CMD ["python", "-m", "streamlit", "run", "dashboard.py", "--server.address=0.0.0.0", "--server.headless=true"]
