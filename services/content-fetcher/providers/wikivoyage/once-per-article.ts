/**
 * Remembers what is read from an article for as long as there is the article: the kinds of one guide ask for the same.
 */
export function oncePerArticle<Article extends object, Value extends object>(
  read: (article: Article) => Value,
): (article: Article) => Value {
  const known = new WeakMap<Article, Value>();
  return (article) => {
    const earlier = known.get(article);
    if (earlier !== undefined) return earlier;
    const value = read(article);
    known.set(article, value);
    return value;
  };
}
