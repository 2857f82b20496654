export interface Scene {
  /** What happens, in the words of somebody who runs the shop. */
  readonly title: string
  /** Is shown and run as it stands. */
  readonly sql: string
}

/** Each is one transaction at most. Lines fit a terminal of 80 columns. */
export const story: readonly Scene[] = [
  {
    title: 'A new book comes in',
    sql: `
INSERT INTO book (id, title, price, stock, author_id, publisher_id)
VALUES ('persuasion', 'Persuasion', 7.49, 12, 'austen', 'murray');`,
  },
  {
    title: 'An author of eight books takes a pen name',
    sql: `
UPDATE author SET name = 'George Eliot' WHERE id = 'evans';`,
  },
  {
    title: 'A book moves to the author who wrote it',
    sql: `
UPDATE book SET author_id = 'charlotte' WHERE id = 'villette';`,
  },
  {
    title: 'Three books get a new tag',
    sql: `
BEGIN;
INSERT INTO tag (id, name) VALUES (5, 'gothic');
INSERT INTO book_tag (book_id, tag_id)
VALUES ('northanger', 5), ('frankenstein', 5), ('dracula', 5);
COMMIT;`,
  },
  {
    title: 'A review is deleted',
    sql: `
DELETE FROM review WHERE id = 6;`,
  },
  {
    title: 'The key of an author changes, and eight books follow by cascade',
    sql: `
UPDATE author SET id = 'eliot' WHERE id = 'evans';`,
  },
  {
    title: 'A new author with a book: one transaction over five tables',
    sql: `
BEGIN;
INSERT INTO publisher (id, name) VALUES ('tinsley', 'Tinsley Brothers');
INSERT INTO author (id, name) VALUES ('collins', 'Wilkie Collins');
INSERT INTO book (id, title, price, stock, author_id, publisher_id)
VALUES ('moonstone', 'The Moonstone', 9.49, 20, 'collins', 'tinsley');
INSERT INTO review (id, book_id, reader, stars)
VALUES (16, 'moonstone', 'Rachel', 5);
INSERT INTO book_tag (book_id, tag_id) VALUES ('moonstone', 5);
COMMIT;`,
  },
  {
    title: 'A transaction is rolled back: nothing may come out',
    sql: `
BEGIN;
UPDATE book SET price = 0.01;
DELETE FROM review;
ROLLBACK;`,
  },
  {
    title: 'A copy is sold: a column that no object shows',
    sql: `
UPDATE book SET stock = stock - 1 WHERE id = 'dracula';`,
  },
  {
    title: 'A book is deleted, with its reviews and tags',
    sql: `
DELETE FROM book WHERE id = 'emma';`,
  },
]
