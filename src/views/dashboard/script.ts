/**
 * The script of the dashboard, which the page does without: it shows the view that is chosen, and keeps the choice in the
 * page's address. It makes no markup. Its hash is in the page's policy: no other script is run.
 */
export const script = `
const form = document.querySelector('form')
const views = [...document.querySelectorAll('[data-view]')]
const rows = [...document.querySelectorAll('[data-at], [data-rehearsed]')]
const places = [...document.querySelectorAll('[data-place]')]
const status = document.querySelector('[role=status]')
const names = ['environment', 'layer', 'period']
function show() {
  const asked = new URLSearchParams(location.hash.slice(1))
  const chosen = {}
  for (const name of names) {
    const select = form.elements[name]
    const value = asked.get(name) ?? select.options[0].value
    select.value = [...select.options].some((each) => each.value === value) ? value : select.options[0].value
    chosen[name] = select.value
  }
  for (const kind of new Set(views.map((view) => view.dataset.view))) {
    const own = views.filter((view) => view.dataset.view === kind)
    const isMeant = (view) => names.every((name) => (view.dataset[name] ?? chosen[name]) === chosen[name])
    const found = own.find((view) => view.dataset.none === undefined && isMeant(view))
    for (const view of own) view.hidden = found === undefined ? view.dataset.none === undefined : view !== found
  }
  const since = Number(form.elements.period.selectedOptions[0].dataset.since)
  let all = 0
  let shown = 0
  for (const row of rows) {
    row.hidden = !(
      (chosen.environment === '' || row.dataset.environment === chosen.environment) &&
      (chosen.layer === '' || row.dataset.layers.split(' ').includes(chosen.layer)) &&
      Number(row.dataset.at ?? row.dataset.rehearsed) >= since
    )
    if (row.dataset.at === undefined) continue
    all += 1
    if (!row.hidden) shown += 1
  }
  for (const place of places) place.hidden = chosen.environment !== '' && place.dataset.environment !== chosen.environment
  status.textContent = shown + ' of ' + all + ' listed rollbacks are shown'
}
function choose(kept) {
  // without a jump to the top of the page
  history.pushState(null, '', '#' + kept)
  show()
}
form.addEventListener('change', () => {
  const kept = new URLSearchParams()
  for (const name of names) {
    const select = form.elements[name]
    if (select.selectedIndex > 0) kept.set(name, select.value)
  }
  choose(kept.toString())
})
form.addEventListener('submit', (event) => event.preventDefault())
form.querySelector('button').addEventListener('click', () => {
  choose('')
})
addEventListener('hashchange', show)
addEventListener('popstate', show)
form.hidden = false
show()
`.trim()
