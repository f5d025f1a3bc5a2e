// Mappings that a person should decide: the text beside each candidate.

const wordsOf = (text) => visible(text).split(/(\s+)/);
const wordKey = (word) => word.toLowerCase().replace(/^[\p{P}]+|[\p{P}]+$/gu, '');

// The text with those words marked that the other one has not.
function markedText(text, other) {
  const known = new Set(wordsOf(other).map(wordKey));
  const name = element('p', {class: 'name'});
  for (const word of wordsOf(text)) {
    const key = wordKey(word);
    name.append(key !== '' && !known.has(key) ? element('mark', {}, word) : word);
  }
  return name;
}

function showCandidate(database, review, candidate) {
  const answer = {db: database, tenant: review.tenant, item: review.item, is: candidate.item};
  return element('div', {class: 'candidate'},
      element('div', {class: 'pair'},
          element('div', {}, element('p', {class: 'side'}, review.vendor ? `The line, of ${review.vendor}` : 'The line'),
                  markedText(review.text, candidate.description)),
          element('div', {}, element('p', {class: 'side'}, `Item ${candidate.item}${candidate.code ? ', ' + candidate.code : ''} \u00b7 likeness ${candidate.score}`),
                  markedText(candidate.description, review.text))),
      element('details', {}, element('summary', {class: 'small'}, 'They are the same'), commandLine(command('review accept', answer))));
}

function showReview(database, review) {
  const best = review.candidates[0];
  const others = review.candidates.slice(1);
  const parts = [element('h3', {}, `Item ${decimal(review.item)} of ${review.tenant}`, review.status === 'moving' ? ' (its lines are being moved)' : '')];
  if (best) {
    parts.push(showCandidate(database, review, best));
  }
  if (others.length > 0) {
    const more = element('details', {}, element('summary', {class: 'small'}, plural(others.length, 'other candidate')));
    more.append(...others.map((candidate) => showCandidate(database, review, candidate)));
    parts.push(more);
  }
  parts.push(element('details', {}, element('summary', {class: 'small'}, 'It is an item of its own'),
                     commandLine(command('review reject', {db: database, tenant: review.tenant, item: review.item}))));
  return element('article', {class: 'review'}, ...parts);
}

function showReviews(data) {
  const reviews = data.reviews;
  const place = byId('reviews-body');
  if (reviews.open === 0) {
    place.replaceChildren(element('p', {}, `None is open. ${plural(reviews.decided, 'mapping')} ${reviews.decided === 1 ? 'was' : 'were'} decided.`));
    return;
  }
  const list = element('div', {});
  place.replaceChildren(
      element('p', {}, `${plural(reviews.open, 'line name')} may mean an item that is there already, the likest first` +
          `${reviews.rows.length < reviews.open ? `; here are ${decimal(reviews.rows.length)}, tallystone review list has all` : ''}. Marked words stand on one side only.`),
      list);
  inPages(reviews.rows, 10, place, (review) => list.append(showReview(data.database, review)));
}
