/** The page in Danish and English: what was spoken last at first, the other one at a click. */
import { place } from './dom.js';
import { drawTexts, rememberedLanguage, speak, spokenLanguage, text } from './words.js';

const other = () => (spokenLanguage() === 'da' ? 'en' : 'da');

/** Puts the texts into the page, and the name of the other language on the button. */
export function drawLanguage() {
  drawTexts();
  place('language').textContent = text('otherLanguage');
  place('language').lang = other();
}

/** @param {() => unknown} draw what else is to be drawn when the language has changed */
export function speakBothLanguages(draw) {
  speak(rememberedLanguage());
  drawLanguage();
  place('language').addEventListener('click', () => {
    speak(other());
    drawLanguage();
    draw();
  });
}
