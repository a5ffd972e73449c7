// What the page does beyond HTML and htmx. Everything works without it.
(() => {
  'use strict';
  const relative = (at) => {
    const seconds = Math.round((at - Date.now()) / 1000);
    const n = Math.abs(seconds);
    const text = n < 90 ? `${n} s` : n < 5400 ? `${Math.round(n / 60)} min` : n < 172800 ? `${Math.round(n / 3600)} h` : `${Math.round(n / 86400)} days`;
    return seconds >= 0 ? `in ${text}` : `${text} ago`;
  };

  // Times count on; those by the clock are shown in the reader's zone.
  const tick = () => {
    for (const time of document.querySelectorAll('time[datetime]')) {
      const at = Date.parse(time.dateTime);
      if (Number.isNaN(at)) continue;
      const text = 'clock' in time.dataset ? new Date(at).toLocaleString() : relative(at);
      if (time.textContent !== text) time.textContent = text;
    }
  };
  tick();
  setInterval(tick, 1000);
  document.addEventListener('htmx:afterSwap', tick);

  document.addEventListener('click', async (event) => {
    const button = event.target.closest('[data-copy]');
    if (!button) return;
    const from = document.getElementById(button.dataset.copy);
    if (!from) return;
    await navigator.clipboard.writeText('value' in from ? from.value : from.textContent);
    const before = button.lastChild.textContent;
    button.lastChild.textContent = 'Copied';
    setTimeout(() => { button.lastChild.textContent = before; }, 1500);
  });

  // Another media type, or another kind of value, has other fields.
  document.addEventListener('change', (event) => {
    if (event.target.closest('[data-resubmit]')) event.target.form.requestSubmit();
    const most = Number(event.target.form?.dataset.most);
    if (event.target.type !== 'file' || !most) return;
    const size = [...event.target.files].reduce((sum, file) => sum + file.size, 0);
    event.target.setCustomValidity(size > most ? `This is larger than ${event.target.form.dataset.mostText}, which is the most that a page sends. carnet run takes files of any size.` : '');
    event.target.reportValidity();
  });

  // What was unfolded stays so when the form is made anew.
  let unfolded = [];
  document.addEventListener('htmx:beforeSwap', () => {
    unfolded = [...document.querySelectorAll('#fields details[open][id]')].map((details) => details.id);
  });
  document.addEventListener('htmx:afterSwap', () => {
    for (const id of unfolded) document.getElementById(id)?.setAttribute('open', '');
  });

  // Files go along when the operation is run; to show the form or the request again their names are enough.
  document.addEventListener('htmx:configRequest', ({ detail }) => {
    if (!/\/(form|preview)\?/.test(detail.path)) return;
    const files = [...detail.formData].filter(([, value]) => value instanceof File);
    for (const [name] of files) detail.formData.delete(name);
    for (const [name, file] of files) if (file.name) detail.formData.append(name, file.name);
  });

  // An answer that is kept as a file is the browser's business, not the page's.
  document.addEventListener('click', (event) => {
    const button = event.target.closest('[data-plain]');
    if (!button) return;
    event.preventDefault();
    const { form } = button;
    const to = form.action;
    form.action = button.formAction;
    form.submit();
    form.action = to;
  });

  // A document may be dropped anywhere on the form.
  for (const zone of document.querySelectorAll('[data-drop]')) {
    const input = zone.querySelector('input[type=file]');
    const over = (on) => (event) => { event.preventDefault(); zone.classList.toggle('over', on); };
    zone.addEventListener('dragover', over(true));
    zone.addEventListener('dragleave', over(false));
    zone.addEventListener('drop', (event) => {
      over(false)(event);
      if (event.dataTransfer.files.length) {
        input.files = event.dataTransfer.files;
        input.dispatchEvent(new Event('change', { bubbles: true }));
      }
    });
  }

  // How far an upload has come; then the server reads, for nobody knows how long.
  document.addEventListener('htmx:xhr:progress', (event) => {
    const bar = event.target.querySelector?.('progress');
    if (!bar) return;
    const { loaded, total, lengthComputable } = event.detail;
    const label = bar.parentElement.querySelector('[data-progress]');
    if (lengthComputable && loaded < total) {
      bar.value = loaded; bar.max = total;
      label.textContent = `Sending: ${Math.floor((100 * loaded) / total)} %`;
    } else {
      bar.removeAttribute('value');
      label.textContent = 'Reading the document …';
    }
  });
})();
